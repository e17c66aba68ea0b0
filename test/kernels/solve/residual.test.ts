import { expect, test } from "vitest";
import { residualReference } from "../../../src/kernels/solve/residual.reference.ts";
import { SymmetricTiles } from "../../../src/kernels/covariance/SymmetricTiles.ts";
import { denseSum } from "../../../src/kernels/covariance/symmetricSum.ts";
import { positiveDefinite, uniform } from "../../support/kernels/positiveDefinite.ts";

test.for([
  { n: 1, columns: 1, side: 3 },
  { n: 7, columns: 2, side: 3 },
  { n: 40, columns: 5, side: 16 },
])("r = b − A x for n = $n, $columns columns, side $side", ({ n, columns, side }) => {
  const c = SymmetricTiles.from(positiveDefinite(n, 100), n, side);
  const keys = { data: uniform(n * 4, 3), count: 4 };
  const sum = { c, scale: 0.3, ridge: 0.1, keys };
  const [b, x] = [uniform(n * columns, 1), uniform(n * columns, 2)];
  const a = denseSum(sum);
  const expected = b.map((value, at) => {
    const [i, k] = [Math.floor(at / columns), at % columns];
    for (let j = 0; j < n; j++)
      value -= a[Math.max(i, j) * n + Math.min(i, j)] * x[j * columns + k];
    return value;
  });
  const close = { rtol: 1e-13, atol: 1e-13 };
  expect(residualReference(sum, { b, x, columns })).toBeAllclose(expected, close);
});

test("reads only the lower triangle", () => {
  const n = 5;
  const dense = positiveDefinite(n, 10);
  const lower = dense.map((value, at) => (at % n <= Math.floor(at / n) ? value : NaN));
  const [b, x] = [uniform(n, 1), uniform(n, 2)];
  const r = (a: Float64Array) =>
    residualReference(
      { c: SymmetricTiles.from(a, n, 3), scale: 1, ridge: 0 },
      { b, x, columns: 1 },
    );
  expect(r(lower)).toEqual(r(dense));
});
