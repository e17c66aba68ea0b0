import { expect, vi } from "vitest";
import { choleskyReference } from "../../src/kernels/cholesky.reference.ts";
import { Factor } from "../../src/kernels/Factor.ts";
import { choleskySolveReference } from "../../src/kernels/triangularSolve.reference.ts";
import { gpuTest } from "../device.ts";
import { positiveDefinite, solveResidual, uniform } from "./positiveDefinite.ts";

gpuTest.for([
  { n: 1, columns: 1, condition: 1 },
  { n: 33, columns: 17, condition: 100 },
  { n: 40, columns: 3, condition: 1e6 },
])(
  "solves on the GPU as well as in float64: n = $n, $columns columns, condition $condition",
  async ({ n, columns, condition }, { gpu }) => {
    const c = positiveDefinite(n, condition);
    const b = uniform(n * columns, 2);
    const factor = await Factor.of(c, n, gpu);
    const x = await factor.solve(b, columns);
    expect(factor.precision).toBe("float32 refined");
    expect(solveResidual(c, x, b, [n, columns])).toBeLessThan(1e-9);
    const exact = choleskySolveReference(choleskyReference(c, n), n, b, columns);
    expect(x).toBeAllclose(exact, { rtol: 1e-6, atol: 0 });
    factor.dispose();
  },
);

gpuTest("falls back to float64 where float32 is not enough", async ({ gpu }) => {
  const n = 40;
  const c = positiveDefinite(n, 1e11);
  const b = uniform(n, 2);
  const factor = await Factor.of(c, n, gpu);
  const x = await factor.solve(b);
  expect(factor.precision).toBe("float64");
  expect(x).toEqual(choleskySolveReference(choleskyReference(c, n), n, b, 1));
});

gpuTest("stays on the CPU when the matrix does not fit on the GPU", async ({ gpu }) => {
  vi.spyOn(gpu, "fits").mockReturnValue(false);
  const factor = await Factor.of(positiveDefinite(9, 10), 9, gpu);
  expect(factor.precision).toBe("float64");
});

gpuTest("refuses a matrix that is not positive definite and keeps no buffer", async ({ gpu }) => {
  const c = positiveDefinite(9, 10);
  c[40] = -1;
  await expect(Factor.of(c, 9, gpu)).rejects.toThrow("not positive definite: pivot 4 is -");
  expect(gpu.buffers).toBe(0);
});
