import { expect } from "vitest";
import { mlpOutDelta } from "../deltas.ts";
import type { Golden } from "./goldenModel.ts";

/** An active delta, against the same change added to the MLP's output by hand. */
export async function checkDeltas({ model, engine }: Golden): Promise<void> {
  const { layer } = engine;
  const { dModel, dMlp } = model.config;
  const tokens = [engine.tokens[0]];
  const readout = [{ row: 0, token: tokens[0].length - 1 }];
  const base = await model.run({ tokens, watch: [{ site: "key", layer }], readout });
  const wave = (n: number, by: number) =>
    Float32Array.from({ length: n }, (_, i) => 0.1 * Math.sin(by * (i + 1)));
  const one = { rank: 1, u: wave(dMlp, 1), v: wave(dModel, 2) };
  const two = { rank: 2, u: wave(2 * dMlp, 3), v: wave(2 * dModel, 4) };
  const change = new Float32Array(tokens[0].length * dModel);
  for (const { rank, u, v } of [one, two]) {
    for (let r = 0; r < rank; r++) {
      tokens[0].forEach((_, t) => {
        let dot = 0;
        for (let i = 0; i < dMlp; i++) dot += base.watched[0][t * dMlp + i] * u[r * dMlp + i];
        for (let i = 0; i < dModel; i++) change[t * dModel + i] += dot * v[r * dModel + i];
      });
    }
  }
  const positions = tokens[0].map((_, t) => t);
  const byHand = await model.run({
    tokens,
    readout,
    interventions: [{ site: "mlp", layer, tokens: positions, mode: "add", values: change }],
  });
  model.setDeltas([one, two].map((change) => mlpOutDelta(model, layer, change)));
  const edited = await model.run({ tokens, readout });
  model.setDeltas([]);
  const restored = await model.run({ tokens, readout });
  expect(edited.readout).toBeAllclose(byHand.readout, { rtol: 0, atol: 1e-4 });
  expect(edited.readout).not.toEqual(base.readout);
  expect(restored.readout).toEqual(base.readout);
}

/** What a model with deltas must pass. */
export const deltaChecks = { deltas: checkDeltas };
