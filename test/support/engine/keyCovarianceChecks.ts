import { expect } from "vitest";
import { MemoryTotals } from "../../../src/engine/covariance/CovarianceTotals.ts";
import type { Model } from "../../../src/engine/Model.ts";

/** Rows of unequal lengths, so that most of a batch is padding. */
const batches = [
  [[5, 9, 300, 17, 4], [8], [44, 45, 46]],
  [
    [400, 2],
    [3, 3],
  ],
];

/** The float64 sum of k kᵀ [dMlp, dMlp] over the keys that the model says it has. */
async function expectedSum(model: Model, layer: number): Promise<Float64Array> {
  const { dMlp } = model.config;
  const sum = new Float64Array(dMlp * dMlp);
  for (const row of batches.flat()) {
    const { watched } = await model.run({ tokens: [row], watch: [{ site: "key", layer }] });
    for (let t = 0; t < row.length; t++) {
      const key = watched[0].subarray(t * dMlp, (t + 1) * dMlp);
      for (let i = 0; i < dMlp; i++) {
        for (let j = 0; j < dMlp; j++) sum[i * dMlp + j] += key[i] * key[j];
      }
    }
  }
  return sum;
}

/** Two layers' sums over padded batches, drained twice, are those of the keys one by one; nothing stays behind. */
export async function checkCovariances(model: Model): Promise<void> {
  const before = { ...model.ledger, gpu: model.gpu?.bytes };
  const layers = [2, 0];
  const covariances = await model.keyCovariances(layers);
  const totals = new MemoryTotals();
  await totals.begin({ layers, n: model.config.dMlp, side: covariances.side });
  const counts: number[] = [];
  for (const batch of batches) {
    counts.push(await covariances.add(batch));
    await covariances.drain((tile) => totals.add(tile));
  }
  covariances.dispose();
  expect(counts).toEqual([9, 4]);
  expect({ ...model.ledger, gpu: model.gpu?.bytes }).toEqual(before);
  for (const layer of layers) {
    const expected = await expectedSum(model, layer);
    const atol = 1e-6 * Math.max(...expected); // products of float32 keys in float32
    expect((await totals.sum(layer)).dense()).toBeAllclose(expected, { rtol: 0, atol });
  }
}
