import { expect, test } from "vitest";
import { choleskyReference } from "../../../src/kernels/solve/cholesky.reference.ts";
import { factorResidual, positiveDefinite } from "../../support/kernels/positiveDefinite.ts";
import { goldenSystems, relativeError } from "../../support/kernels/solves.ts";

test("factorises a matrix that can be done by hand", () => {
  const a = Float64Array.from([4, 12, -16, 12, 37, -43, -16, -43, 98]);
  expect(choleskyReference(a, 3)).toEqual(Float64Array.from([2, 0, 0, 6, 1, 0, -8, 5, 3]));
});

test.for([
  [1, 1],
  [2, 10],
  [33, 10],
  [64, 1e6],
  [65, 1e6],
  [130, 1e6],
  [200, 1e12],
])("‖LLᵀ − A‖ / ‖A‖ ≤ 1e-14 for n = %d at condition %d", ([n, condition]) => {
  const a = positiveDefinite(n, condition);
  const l = choleskyReference(a, n);
  expect(factorResidual(l, a, n)).toBeLessThan(1e-14);
  expect(l.every((x, at) => at % n <= Math.floor(at / n) || x === 0)).toBe(true);
});

test.for(goldenSystems(16))("meets LAPACK at condition $condition", ({ c, n, count, factor }) => {
  const covariance = Float64Array.from(c.dense(), (x) => x / count);
  expect(relativeError(choleskyReference(covariance, n), factor)).toBeLessThan(1e-13);
});

test("reads only the lower triangle and leaves A as it was", () => {
  const n = 70;
  const a = positiveDefinite(n, 100);
  const lower = a.map((x, at) => (at % n <= Math.floor(at / n) ? x : NaN));
  const copy = lower.slice();
  expect(choleskyReference(lower, n)).toEqual(choleskyReference(a, n));
  expect(lower).toEqual(copy);
});

test.for([0, 1, 66])("names the pivot when A is not positive definite: %d", (pivot) => {
  const n = 70;
  const a = positiveDefinite(n, 100);
  a[pivot * n + pivot] = -2;
  expect(() => choleskyReference(a, n)).toThrow(
    new RegExp(`^the matrix is not positive definite: pivot ${pivot} is -`),
  );
  a[pivot * n + pivot] = NaN;
  expect(() => choleskyReference(a, n)).toThrow(`pivot ${pivot} is NaN`);
});
