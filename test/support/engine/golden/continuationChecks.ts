import { expect } from "vitest";
import type { Golden } from "./goldenModel.ts";

/** A continuation's loss and gradient, against a whole run with the same vectors added. */
export async function checkContinuation({ model, engine }: Golden): Promise<void> {
  const { layer } = engine;
  const { dModel } = model.config;
  const { tokens } = engine;
  const starts = [4, 2, 3];
  const groups = [0, 1, 0];
  const added = Float32Array.from({ length: 2 * dModel }, (_, i) => Math.cos(i));
  const nll = tokens.map((row, r) => ({
    row: r,
    token: row.length - 1,
    target: 5 + r,
    weight: 0.5,
  }));
  const { kept } = await model.run({ tokens, keep: true });
  const continuation = await model.continuation(kept!, { layer, starts, groups });
  const [reference] = [
    await continuation.logProbabilities(new Float32Array(2 * dModel), [{ row: 1, token: 2 }]),
  ];
  const loss = { nll, kl: [{ row: 1, token: 2, reference, weight: 0.7 }] };
  const before = model.cost.blockTokens;
  const found = await continuation.evaluate(added, loss);
  const width = Math.max(...tokens.map((row, r) => row.length - starts[r]));
  expect(model.cost.blockTokens - before).toBe(
    tokens.length * width * (model.config.layers - 1 - layer),
  );
  const interventions = tokens.map((_, row) => ({
    site: "mlp" as const,
    layer,
    rows: [row],
    tokens: [starts[row]],
    mode: "add" as const,
    values: added.slice(groups[row] * dModel, (groups[row] + 1) * dModel),
  }));
  const whole = await model.gradient({ tokens, interventions }, loss, [{ site: "mlp", layer }]);
  const rowSize = Math.max(...tokens.map((row) => row.length)) * dModel;
  const expected = new Float32Array(2 * dModel);
  starts.forEach((start, row) => {
    for (let i = 0; i < dModel; i++) {
      expected[groups[row] * dModel + i] += whole.gradients[0][row * rowSize + start * dModel + i];
    }
  });
  const total = found.nll.reduce((sum, value) => sum + 0.5 * value, 0) + 0.7 * found.kl[0];
  expect(total).toBeCloseTo(whole.loss, 4);
  expect(found.gradient).toBeAllclose(expected, { rtol: 1e-4, atol: 1e-5 });
  // Rows that go through in parts give the same; the groups' gradients are sums over all parts.
  const split = await model.continuation(kept!, { layer, starts, groups, mostSaved: 1 });
  const again = await split.evaluate(added, loss);
  expect(again.nll).toBeAllclose(found.nll, { rtol: 1e-5, atol: 1e-5 });
  expect(again.kl).toBeAllclose(found.kl, { rtol: 1e-4, atol: 1e-5 });
  expect(again.gradient).toBeAllclose(found.gradient, { rtol: 1e-4, atol: 1e-5 });
  const at = [
    { row: 2, token: 4 },
    { row: 0, token: 5 },
    { row: 1, token: 3 },
  ];
  expect(await split.logProbabilities(added, at)).toBeAllclose(
    await continuation.logProbabilities(added, at),
    { rtol: 1e-4, atol: 1e-4 },
  );
  kept!.dispose();
}

/** What a continuation must pass. */
export const continuationChecks = { "a continuation": checkContinuation };
