import { expect, test } from "vitest";
import {
  covarianceFactor,
  solveCovariance,
  solveCovarianceKeys,
} from "../../../src/methods/statistics/covarianceFactor.ts";
import type { LayerStatistics } from "../../../src/methods/statistics/statistics.ts";
import { SymmetricTiles } from "../../../src/kernels/covariance/SymmetricTiles.ts";
import { goldenStatistics } from "../../support/methods/tiny.ts";

/** (λC + KKᵀ) x - K, its largest entry. */
function worst(
  { sum, count, dMlp }: LayerStatistics,
  { lambda, keys, columns }: { lambda: number; keys: Float64Array; columns: number },
  x: Float64Array,
): number {
  const errors = keys.map((key, at) => {
    const [i, k] = [Math.floor(at / columns), at % columns];
    let value = -key;
    for (let j = 0; j < dMlp; j++) {
      let entry = (lambda / count) * sum.at(i, j);
      for (let m = 0; m < columns; m++) entry += keys[i * columns + m] * keys[j * columns + m];
      value += entry * x[j * columns + k];
    }
    return Math.abs(value);
  });
  return Math.max(...errors);
}

test.for([1, 5, 60])("solves λC + KKᵀ for %d keys", async (columns) => {
  const statistics = await goldenStatistics("tiny-gpt2");
  const keys = Float64Array.from({ length: statistics.dMlp * columns }, (_, i) => Math.sin(i * i));
  const request = { lambda: 15, keys, columns };
  const x = await solveCovarianceKeys(statistics, request);
  expect(worst(statistics, request, x)).toBeLessThan(1e-9);
  await covarianceFactor(statistics);
  const again = await solveCovarianceKeys(statistics, request);
  expect(again).toBeAllclose(x, { rtol: 1e-7, atol: 1e-9 });
});

test("statistics of too few tokens are refused each time, with what mends them", async () => {
  const sum = SymmetricTiles.from(Float64Array.of(1, 1, 1, 1), 2);
  const statistics = { layer: 0, dMlp: 2, count: 1, source: "one", sum };
  const key = Float64Array.of(1, 2);
  for (let i = 0; i < 2; i++) {
    await expect(solveCovariance(statistics, key)).rejects.toThrow(
      /^the matrix is not positive definite: pivot 1 is 0.00; adding \S+ \(\S+ of the mean diagonal\)/,
    );
  }
});
