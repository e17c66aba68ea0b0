import { expect } from "vitest";
import { Gpu } from "../../../src/kernels/device/Gpu.ts";
import { residualReference } from "../../../src/kernels/solve/residual.reference.ts";
import { residual } from "../../../src/kernels/solve/residual.ts";
import { SymmetricTiles } from "../../../src/kernels/covariance/SymmetricTiles.ts";
import { gpuTest } from "../../support/device.ts";
import { positiveDefinite, uniform } from "../../support/kernels/positiveDefinite.ts";

/** The largest difference from the float64 reference, as a part of the largest entry of A x. */
async function difference(
  gpu: Gpu,
  { n, columns, side, count }: { n: number; columns: number; side: number; count: number },
): Promise<number> {
  const c = SymmetricTiles.from(positiveDefinite(n, 1e3), n, side);
  const keys = { data: uniform(n * count, 5), count };
  const sum = { c, scale: 1 / 7, ridge: 0.01, keys: count > 0 ? keys : undefined };
  // columns of very different sizes, so that some products leave float32's range unless they are scaled
  const x = uniform(n * columns, 3).map((value, at) => value * 10 ** (30 * ((at % columns) % 2)));
  const b = new Float64Array(n * columns);
  const exact = residualReference(sum, { b, x, columns });
  const found = await residual(gpu, sum, { b, x, columns, side });
  const part = (k: number) => {
    const of = (a: Float64Array) => a.filter((_, at) => at % columns === k);
    const expected = of(exact);
    const largest = Math.max(...expected.map(Math.abs));
    return Math.max(...of(found).map((value, i) => Math.abs(value - expected[i]))) / largest;
  };
  return Math.max(...Array.from({ length: columns }, (_, k) => part(k)));
}

gpuTest.for([
  { n: 1, columns: 1, side: 16, count: 0 },
  { n: 20, columns: 3, side: 16, count: 0 },
  { n: 75, columns: 5, side: 32, count: 7 },
  { n: 150, columns: 18, side: 64, count: 20 },
  { n: 300, columns: 2, side: 256, count: 270 },
])(
  "as good as 13 digits for n = $n, $columns columns, side $side, $count keys",
  async (size, { gpu }) => {
    expect(await difference(gpu, size)).toBeLessThan(1e-13);
  },
);

gpuTest("streams tiles through a device that binds 1 MiB", async ({ device }) => {
  const gpu = new Gpu(device, { bindingLimit: 2 ** 20 });
  const size = { n: 1300, columns: 9, side: 256, count: 5 };
  expect(await difference(gpu, size)).toBeLessThan(1e-13);
  expect(gpu.buffers).toBe(0);
});
