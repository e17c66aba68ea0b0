import { expect, test } from "vitest";
import { choleskyReference } from "../../../src/kernels/solve/cholesky.reference.ts";
import {
  choleskySolveReference,
  triangularSolveReference,
} from "../../../src/kernels/solve/triangularSolve.reference.ts";
import {
  positiveDefinite,
  solveResidual,
  uniform,
} from "../../support/kernels/positiveDefinite.ts";

test("solves systems that can be done by hand", () => {
  const l = Float64Array.from([2, 0, 6, 1]);
  const b = Float64Array.from([2, 4, 7, 13]); // [2, 2]
  expect(triangularSolveReference("L", l, [2, 2], b)).toEqual(Float64Array.from([1, 2, 1, 1]));
  expect(triangularSolveReference("Lᵀ", l, [2, 2], b)).toEqual(
    Float64Array.from([-20, -37, 7, 13]),
  );
});

const sizes: [n: number, columns: number][] = [
  [1, 1],
  [33, 17],
  [64, 1],
  [65, 4],
  [130, 7],
];

test.for(sizes)("L and Lᵀ times their solutions give b for n = %d, %d columns", ([n, columns]) => {
  const l = choleskyReference(positiveDefinite(n, 100), n);
  const transposed = l.map((_, at) => l[(at % n) * n + Math.floor(at / n)]);
  const b = uniform(n * columns, 7);
  const y = triangularSolveReference("L", l, [n, columns], b);
  const x = triangularSolveReference("Lᵀ", l, [n, columns], b);
  expect(solveResidual(l, y, b, [n, columns])).toBeLessThan(1e-13);
  expect(solveResidual(transposed, x, b, [n, columns])).toBeLessThan(1e-13);
});

test.for(sizes)("‖Cx − b‖ / ‖b‖ ≤ 1e-9 at condition 1e6 for n = %d, %d columns", ([n, columns]) => {
  const c = positiveDefinite(n, 1e6);
  const truth = uniform(n * columns, 7);
  const b = new Float64Array(n * columns).map((_, at) => {
    const [i, k] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let j = 0; j < n; j++) sum += c[i * n + j] * truth[j * columns + k];
    return sum;
  });
  const x = choleskySolveReference(choleskyReference(c, n), n, b, columns);
  expect(solveResidual(c, x, b, [n, columns])).toBeLessThan(1e-13);
  expect(x).toBeAllclose(truth, { atol: 1e-8 });
});

test("leaves b as it was", () => {
  const b = uniform(6, 1);
  const copy = b.slice();
  choleskySolveReference(Float64Array.from([1, 0, 2, 3]), 2, b, 3);
  expect(b).toEqual(copy);
});
