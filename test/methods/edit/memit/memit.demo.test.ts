import { expect, test } from "vitest";
import { nodeRuntime } from "../../../../src/cli/open/nodeRuntime.ts";
import { readNpz } from "../../../../src/data/archive/npz.ts";
import { Model } from "../../../../src/engine/Model.ts";
import { memit } from "../../../../src/methods/edit/memit/memit.ts";
import { shippedStatistics } from "../../../../src/methods/statistics/shippedStatistics.ts";
import { goldenFile, type GoldenMassEdit } from "../../../support/golden.ts";
import { demoFiles, demoNumbers } from "../../../support/methods/demo.ts";

/** ‖actual − expected‖ / ‖expected‖. */
const error = (actual: Float64Array, expected: Float64Array): number =>
  Math.hypot(...expected.map((x, i) => x - actual[i])) / Math.hypot(...expected);

test("four facts written into the built-in model as in float64", { timeout: 90_000 }, async () => {
  const { edit } = await demoNumbers<{ edit: GoldenMassEdit }>("memit.json");
  const { requests, hyperparameters, contexts } = edit;
  const arrays = readNpz(await goldenFile(`numbers/demo/${edit.arrays}`));
  const values = (name: string) => arrays[name].data as Float64Array;
  const model = await Model.load(nodeRuntime(), demoFiles);
  const made = await memit(model, requests, hyperparameters, {
    statistics: async (layer) => (await shippedStatistics(demoFiles, model, layer))[0],
    contexts,
    seed: 1,
  });
  const z = values("z");
  made.states.forEach((state, fact) => {
    const expected = z.filter((_, at) => at % requests.length === fact);
    expect(error(state.z, expected)).toBeLessThan(1e-4);
  });
  for (const { layer, adjK, resid } of made.layers) {
    expect(error(adjK, values(`${layer}.adj_k`))).toBeLessThan(1e-4);
    expect(error(resid, values(`${layer}.resid`))).toBeLessThan(1e-4);
  }
  expect(made.delta.weights.map(({ norm }) => norm!)).toBeAllclose(
    edit.layers.map(({ relativeNorm }) => relativeNorm),
    { rtol: 1e-4 },
  );
  await model.dispose();
});
