import { expect } from "vitest";
import { cholesky } from "../../src/kernels/cholesky.ts";
import { choleskyReference } from "../../src/kernels/cholesky.reference.ts";
import { gpuTest } from "../device.ts";
import { factorResidual, positiveDefinite } from "./positiveDefinite.ts";

const lower = (a: ArrayLike<number>, n: number) =>
  Float64Array.from(a, (x, at) => (at % n <= Math.floor(at / n) ? x : 0));

gpuTest.for([
  { n: 1, tile: 16, condition: 1 },
  { n: 5, tile: 8, condition: 10 },
  { n: 17, tile: 8, condition: 10 },
  { n: 33, tile: 8, condition: 100 },
  { n: 33, tile: 16, condition: 100 },
  { n: 75, tile: 4, condition: 100 }, // 19 blocks of columns: more than one submission
  { n: 64, tile: 16, condition: 1e6 },
])(
  "A = L Lᵀ for n = $n, tile $tile, condition $condition",
  async ({ n, tile, condition }, { gpu }) => {
    const a = positiveDefinite(n, condition);
    const buffer = gpu.upload("test.a", Float32Array.from(a));
    await cholesky(gpu, buffer, n, tile);
    const l = lower(await gpu.download(buffer), n);
    gpu.destroy(buffer);
    expect(factorResidual(l, a, n)).toBeLessThan(1e-6);
    if (condition <= 100) expect(l).toBeAllclose(choleskyReference(a, n), { atol: 2e-5 });
  },
);

gpuTest("reads and writes only the lower triangle", async ({ gpu }) => {
  const n = 21;
  const a = positiveDefinite(n, 10).map((x, at) => (at % n <= Math.floor(at / n) ? x : 7));
  const buffer = gpu.upload("test.a", Float32Array.from(a));
  await cholesky(gpu, buffer, n, 8);
  const l = await gpu.download(buffer);
  gpu.destroy(buffer);
  expect(l.filter((_, at) => at % n > Math.floor(at / n)).every((x) => x === 7)).toBe(true);
  expect(lower(l, n)).toBeAllclose(choleskyReference(a, n), { atol: 1e-5 });
});

gpuTest.for([
  { pivot: 0, value: -2 },
  { pivot: 18, value: -2 },
  { pivot: 9, value: NaN },
  { pivot: 9, value: Infinity },
])("names pivot $pivot when its diagonal entry is $value", async ({ pivot, value }, { gpu }) => {
  const n = 19;
  const a = Float32Array.from(positiveDefinite(n, 10));
  a[pivot * n + pivot] = value;
  const buffer = gpu.upload("test.a", a);
  await expect(cholesky(gpu, buffer, n, 8)).rejects.toThrow(
    new RegExp(`^the matrix is not positive definite: pivot ${pivot} is (-2|NaN|Infinity)`),
  );
  gpu.destroy(buffer);
});
