import { expect, test } from "vitest";
import { Factor } from "../../src/kernels/Factor.ts";
import { positiveDefinite, solveResidual, uniform } from "./positiveDefinite.ts";

test.for([
  { n: 1, columns: 1 },
  { n: 33, columns: 1 },
  { n: 70, columns: 5 },
])("solves in float64 without a GPU: n = $n, $columns columns", async ({ n, columns }) => {
  const c = positiveDefinite(n, 1e6);
  const b = uniform(n * columns, 2);
  const factor = await Factor.of(c, n);
  expect(factor.precision).toBe("float64");
  expect(solveResidual(c, await factor.solve(b, columns), b, [n, columns])).toBeLessThan(1e-9);
});

test("takes a matrix in float32 too", async () => {
  const c = Float32Array.from(positiveDefinite(20, 100));
  const b = uniform(20, 2);
  const x = await (await Factor.of(c, 20)).solve(b);
  expect(solveResidual(c, x, b, [20, 1])).toBeLessThan(1e-13);
});

test("refuses what does not fit", async () => {
  await expect(Factor.of(new Float64Array(8), 3)).rejects.toThrow(
    "invalid matrix: 8 numbers (expected 3 × 3 = 9)",
  );
  await expect(Factor.of(new Float64Array(9), 3)).rejects.toThrow(
    "the matrix is not positive definite: pivot 0 is 0",
  );
  const factor = await Factor.of(positiveDefinite(3, 10), 3);
  await expect(factor.solve(new Float64Array(3), 2)).rejects.toThrow(
    "invalid right-hand side: 3 numbers (expected 3 × 2 = 6)",
  );
});
