import { expect } from "vitest";
import { choleskyReference } from "../../../src/kernels/solve/cholesky.reference.ts";
import { Factor, type FactorOptions } from "../../../src/kernels/solve/Factor.ts";
import { Gpu } from "../../../src/kernels/device/Gpu.ts";
import { residualReference } from "../../../src/kernels/solve/residual.reference.ts";
import { SymmetricTiles } from "../../../src/kernels/covariance/SymmetricTiles.ts";
import { denseSum } from "../../../src/kernels/covariance/symmetricSum.ts";
import { choleskySolveReference } from "../../../src/kernels/solve/triangularSolve.reference.ts";
import { gpuTest } from "../../support/device.ts";
import { positiveDefinite, uniform } from "../../support/kernels/positiveDefinite.ts";

const norm = (x: Float64Array) => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));

/** Solves on the GPU; returns ‖A x - b‖ / ‖b‖ and ‖x - x'‖ / ‖x'‖ with x' by the float64 reference. */
async function errors(
  gpu: Gpu,
  c: SymmetricTiles,
  { columns, ...options }: FactorOptions & { columns: number },
): Promise<[residual: number, solution: number]> {
  const { n } = c;
  const b = uniform(n * columns, 2);
  const factor = await Factor.of(c, { ...options, gpu });
  const x = await factor.solve(b, columns);
  expect(factor.precision).toBe("float32 refined");
  factor.dispose();
  const sum = { scale: 1, ridge: 0, ...options, c };
  const exact = choleskySolveReference(choleskyReference(denseSum(sum), n), n, b, columns);
  const r = residualReference(sum, { b, x, columns });
  return [norm(r) / norm(b), norm(x.map((value, i) => value - exact[i])) / norm(exact)];
}

gpuTest.for([
  { n: 1, columns: 1, condition: 1, side: 16 },
  { n: 33, columns: 17, condition: 100, side: 7 },
  { n: 100, columns: 3, condition: 1e6, side: 32 },
  { n: 100, columns: 9, condition: 1e6, side: 64 },
  { n: 280, columns: 6, condition: 1e6, side: 256 },
])(
  "solves on the GPU as well as in float64: n = $n, $columns columns, condition $condition, side $side",
  async ({ n, columns, condition, side }, { gpu }) => {
    const c = SymmetricTiles.from(positiveDefinite(n, condition), n, side);
    const [residual, solution] = await errors(gpu, c, { columns });
    expect(residual).toBeLessThan(1e-7);
    expect(solution).toBeLessThan(1e-5);
    expect(residual).toBeLessThan(1e-14 * condition + 1e-13);
  },
);

gpuTest.for([
  { n: 50, columns: 2, count: 3 },
  { n: 70, columns: 11, count: 40 },
])(
  "solves with scale · C + ridge · I + K Kᵀ: n = $n, $columns columns, $count keys",
  async ({ n, columns, count }, { gpu }) => {
    const c = SymmetricTiles.from(positiveDefinite(n, 1e4), n, 32);
    const keys = { data: uniform(n * count, 5), count };
    const sum = { scale: 1 / 3, ridge: 1e-4, keys };
    const [residual, solution] = await errors(gpu, c, { ...sum, columns });
    expect(residual).toBeLessThan(1e-9);
    expect(solution).toBeLessThan(1e-8);
  },
);

gpuTest("works on a device that binds 1 MiB", async ({ device }) => {
  const gpu = new Gpu(device, { bindingLimit: 2 ** 20 });
  const [n, count] = [600, 300];
  const c = SymmetricTiles.from(positiveDefinite(n, 1e4), n);
  const keys = { data: uniform(n * count, 5), count };
  const [residual, solution] = await errors(gpu, c, { scale: 0.7, keys, columns: 10 });
  expect(residual).toBeLessThan(1e-9);
  expect(solution).toBeLessThan(1e-8);
  expect(gpu.buffers).toBe(0);
});

gpuTest("falls back to float64 where float32 is not enough", async ({ gpu }) => {
  const n = 40;
  const c = SymmetricTiles.from(positiveDefinite(n, 100), n);
  const keys = { data: uniform(n, 1).map((x) => 1e5 * x), count: 1 };
  const b = uniform(n, 2);
  const factor = await Factor.of(c, { gpu, keys });
  const x = await factor.solve(b);
  expect(factor.precision).toBe("float64");
  const exact = choleskyReference(denseSum({ c, scale: 1, ridge: 0, keys }), n);
  expect(x).toEqual(choleskySolveReference(exact, n, b, 1));
  expect(gpu.buffers).toBe(0);
});

gpuTest("refuses a matrix that is not positive definite and keeps no buffer", async ({ gpu }) => {
  const a = positiveDefinite(9, 10);
  a[40] = -1;
  const c = SymmetricTiles.from(a, 9);
  const message = await Factor.of(c, { gpu }).then(
    () => "",
    (error: Error) => error.message,
  );
  expect(message).toMatch(/not positive definite: pivot 4 is -.*; adding \S+ \(\S+ of the mean/);
  const ridge = Number(/adding (\S+) /.exec(message)![1]);
  const factor = await Factor.of(c, { gpu, ridge });
  expect(factor.precision).toBe("float32 refined");
  factor.dispose();
  expect(gpu.buffers).toBe(0);
});

gpuTest("waits for the solves that are running before it goes", async ({ gpu }) => {
  const n = 40;
  const c = SymmetricTiles.from(positiveDefinite(n, 100), n, 32);
  const b = uniform(n, 2);
  const factor = await Factor.of(c, { gpu });
  expect(factor.bytes).toBe(3 * 32 * 32 * 4);
  const running = factor.solve(b);
  factor.dispose();
  const x = await running;
  expect(gpu.buffers).toBe(0);
  expect(factor.precision).toBe("float64");
  expect(x).toBeAllclose(await factor.solve(b), { rtol: 1e-9, atol: 1e-12 });
  expect(factor.bytes).toBe(n * n * 8);
});
