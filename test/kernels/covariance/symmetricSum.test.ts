import { expect, test } from "vitest";
import { SymmetricTiles } from "../../../src/kernels/covariance/SymmetricTiles.ts";
import {
  denseSum,
  frobeniusNorm,
  meanDiagonal,
  sumNorm,
} from "../../../src/kernels/covariance/symmetricSum.ts";
import { positiveDefinite, uniform } from "../../support/kernels/positiveDefinite.ts";

const c = SymmetricTiles.from(Float64Array.of(1, 2, 3, 2, 5, 6, 3, 6, 9), 3, 2);
const keys = { data: Float64Array.of(1, 0, 2, 1, 0, 3), count: 2 };

test("scale · C + ridge · I + K Kᵀ of a matrix that can be added by hand", () => {
  const a = denseSum({ c, scale: 2, ridge: 10, keys });
  const below = a.filter((_, at) => at % 3 <= Math.floor(at / 3));
  expect(below).toEqual(Float64Array.of(13, 6, 25, 6, 15, 37));
  expect(meanDiagonal({ c, scale: 2, ridge: 10, keys })).toBe(25);
});

test("the norm of C reads the lower triangle only", () => {
  const lower = SymmetricTiles.from(Float64Array.of(1, NaN, NaN, 2, 5, NaN, 3, 6, 9), 3, 2);
  expect([frobeniusNorm(c)]).toBeAllclose([Math.sqrt(205)]);
  expect(frobeniusNorm(lower)).toBe(frobeniusNorm(c));
});

test("the norm of the sum is at least its Frobenius norm, and not much more", () => {
  const n = 20;
  const sum = {
    c: SymmetricTiles.from(positiveDefinite(n, 10), n, 8),
    scale: 3,
    ridge: 0.5,
    keys: { data: uniform(n * 2, 3), count: 2 },
  };
  const exact = frobeniusNorm(SymmetricTiles.from(denseSum(sum), n, 8));
  expect(sumNorm(sum)).toBeGreaterThanOrEqual(exact * (1 - 1e-6));
  expect(sumNorm(sum)).toBeLessThan(2 * exact);
});
