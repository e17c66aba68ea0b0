import { expect, test } from "vitest";
import { choleskyReference } from "../../../src/kernels/solve/cholesky.reference.ts";
import { refine, type RefinedSystem, type RoughSolve } from "../../../src/kernels/solve/refine.ts";
import { choleskySolveReference } from "../../../src/kernels/solve/triangularSolve.reference.ts";
import {
  positiveDefinite,
  solveResidual,
  uniform,
} from "../../support/kernels/positiveDefinite.ts";

/** A solve with a factor that was rounded to float32. */
function rough(c: Float64Array, n: number): RoughSolve {
  const l = Float64Array.from(Float32Array.from(choleskyReference(c, n)));
  return (r, columns) =>
    Promise.resolve(Float32Array.from(choleskySolveReference(l, n, Float64Array.from(r), columns)));
}

/** C x = b with the residual in float64. */
function system(c: Float64Array, b: Float64Array, [n, columns]: number[]): RefinedSystem {
  const residual = (x: Float64Array) =>
    b.map((value, at) => {
      const [i, k] = [Math.floor(at / columns), at % columns];
      for (let j = 0; j < n; j++) value -= c[i * n + j] * x[j * columns + k];
      return value;
    });
  const norm = Math.sqrt(c.reduce((sum, x) => sum + x * x, 0));
  return { n, b, columns, norm, residual };
}

test.for([
  { n: 1, columns: 1, condition: 1 },
  { n: 33, columns: 5, condition: 1e3 },
  { n: 60, columns: 3, condition: 1e6 },
])(
  "is as good as float64 for n = $n, $columns columns, condition $condition",
  async ({ n, columns, condition }) => {
    const c = positiveDefinite(n, condition);
    const b = uniform(n * columns, 3).map((x, at) => x * 10 ** (20 * (at % columns))); // beyond float32's range
    const { x, error, steps } = await refine(system(c, b, [n, columns]), rough(c, n));
    const exact = choleskySolveReference(choleskyReference(c, n), n, b, columns);
    expect(x).toBeAllclose(exact, { rtol: 1e-6, atol: 0 });
    expect(error).toBeLessThan(1e-15);
    expect(solveResidual(c, x, b, [n, columns])).toBeLessThan(1e-9);
    expect(steps).toBeLessThan(12);
  },
);

test("the rough solve alone is not that good", async () => {
  const n = 60;
  const c = positiveDefinite(n, 1e6);
  const b = uniform(n, 3);
  const once = await rough(c, n)(Float32Array.from(b), 1);
  expect(solveResidual(c, once, b, [n, 1])).toBeGreaterThan(1e-4);
});

test("reports a large error when the rough solve is no solve at all", async () => {
  const [n, columns] = [8, 2];
  const of = system(positiveDefinite(n, 10), uniform(n * columns, 3), [n, columns]);
  const wrong = await refine(of, (r) => Promise.resolve(r.map((x) => -100 * x)));
  expect(wrong.error).toBeGreaterThan(0.1);
  const nan = await refine(of, (r) => Promise.resolve(r.fill(NaN)));
  expect(nan.error).toBe(1);
  expect(nan.x.every((x) => x === 0)).toBe(true);
});

test("a right-hand side of zeros has the solution zero", async () => {
  const c = positiveDefinite(4, 10);
  const { x, error } = await refine(system(c, new Float64Array(4), [4, 1]), rough(c, 4));
  expect(x).toEqual(new Float64Array(4));
  expect(error).toBe(0);
});
