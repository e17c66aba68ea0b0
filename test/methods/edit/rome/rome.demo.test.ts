import { expect, test } from "vitest";
import { nodeRuntime } from "../../../../src/cli/open/nodeRuntime.ts";
import { Model } from "../../../../src/engine/Model.ts";
import { rome } from "../../../../src/methods/edit/rome/rome.ts";
import { shippedStatistics } from "../../../../src/methods/statistics/shippedStatistics.ts";
import type { GoldenEdit } from "../../../support/golden.ts";
import { demoFiles, demoNumbers } from "../../../support/methods/demo.ts";
import { mlpOutDelta } from "../../../support/engine/deltas.ts";

const norm = (x: ArrayLike<number>): number => Math.hypot(...Array.from(x));

/** ‖actual − expected‖ / ‖expected‖. */
const error = (actual: Float32Array, expected: number[]): number =>
  norm(expected.map((x, i) => x - actual[i])) / norm(expected);

/** p(target | prompt): the joint probability of the target's tokens. */
async function probability(model: Model, prompt: string, target: string): Promise<number> {
  const begin = model.tokenizer.encode(prompt);
  const ids = model.tokenizer.encode(` ${target}`);
  const readout = ids.map((id, j) => ({ row: 0, token: begin.length - 1 + j, target: id }));
  const result = await model.run({ tokens: [[...begin, ...ids.slice(0, -1)]], readout });
  return Math.exp(result.readout.reduce((sum, x) => sum + x, 0));
}

test("an edit of the built-in model is that of float64", { timeout: 60_000 }, async () => {
  const { edit: expected } = await demoNumbers<{ edit: GoldenEdit }>("rome.json");
  const { request, hyperparameters, contexts } = expected;
  const model = await Model.load(nodeRuntime(), demoFiles);
  const [statistics] = await shippedStatistics(demoFiles, model, hyperparameters.layer);
  const found = await rome(model, request, hyperparameters, { statistics, contexts, seed: 1 });

  expect(error(found.u, expected.u)).toBeLessThan(1e-4);
  expect(error(found.v, expected.v)).toBeLessThan(1e-4);
  expect(found.steps.map((step) => step.loss)).toBeAllclose(
    expected.steps.map((step) => step.loss),
    { rtol: 1e-4, atol: 1e-5 },
  );

  const prompt = request.prompt.replace("{}", request.subject);
  const before = await probability(model, prompt, request.target);
  model.setDeltas([mlpOutDelta(model, hyperparameters.layer, { rank: 1, u: found.u, v: found.v })]);
  const after = await probability(model, prompt, request.target);
  expect([before, after]).toBeAllclose([expected.probabilityBefore, expected.probabilityAfter], {
    rtol: 0,
    atol: 1e-4,
  });
  await model.dispose();
});
