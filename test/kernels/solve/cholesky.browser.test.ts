import { expect } from "vitest";
import { cholesky } from "../../../src/kernels/solve/cholesky.ts";
import { choleskyReference } from "../../../src/kernels/solve/cholesky.reference.ts";
import { DeviceTiles } from "../../../src/kernels/covariance/DeviceTiles.ts";
import { Gpu } from "../../../src/kernels/device/Gpu.ts";
import { SymmetricTiles, tileIndex } from "../../../src/kernels/covariance/SymmetricTiles.ts";
import { gpuTest } from "../../support/device.ts";
import { factorResidual, positiveDefinite } from "../../support/kernels/positiveDefinite.ts";

/** A matrix [n, n] on the GPU. */
function upload(gpu: Gpu, a: Float64Array, [n, side]: [n: number, side: number]): DeviceTiles {
  const tiles = new DeviceTiles(gpu, n, { side });
  SymmetricTiles.from(a, n, side).tiles.forEach((tile, i) => tiles.upload(i, tile));
  return tiles;
}

/** The lower triangle [n, n] of what the tiles hold. */
async function download(tiles: DeviceTiles): Promise<Float64Array> {
  const { n, side, count } = tiles;
  const held = await Promise.all(Array.from({ length: count }, (_, i) => tiles.download(i)));
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    if (j > i) return 0;
    const tile = held[tileIndex(Math.floor(i / side), Math.floor(j / side))];
    return tile[(i % side) * side + (j % side)];
  });
}

gpuTest.for([
  { n: 1, side: 16, condition: 1 },
  { n: 5, side: 32, condition: 10 },
  { n: 17, side: 16, condition: 10 },
  { n: 33, side: 16, condition: 100 },
  { n: 75, side: 32, condition: 100 },
  { n: 150, side: 64, condition: 100 },
  { n: 300, side: 256, condition: 100 },
  { n: 64, side: 16, condition: 1e6 },
])(
  "A = L Lᵀ for n = $n, side $side, condition $condition",
  async ({ n, side, condition }, { gpu }) => {
    const a = positiveDefinite(n, condition);
    const tiles = upload(gpu, a, [n, side]);
    expect(await cholesky(tiles)).toBeUndefined();
    const l = await download(tiles);
    tiles.dispose();
    expect(factorResidual(l, a, n)).toBeLessThan(1e-6);
    if (condition <= 100) expect(l).toBeAllclose(choleskyReference(a, n), { atol: 2e-5 });
  },
);

gpuTest("works on tiles in many buffers, on a device that binds 1 MiB", async ({ device }) => {
  const gpu = new Gpu(device, { bindingLimit: 2 ** 20 });
  const [n, side] = [900, 256];
  const a = positiveDefinite(n, 100);
  const tiles = upload(gpu, a, [n, side]);
  expect(tiles.buffers.length).toBeGreaterThan(2);
  expect(await cholesky(tiles)).toBeUndefined();
  expect(await download(tiles)).toBeAllclose(choleskyReference(a, n), { atol: 5e-5 });
  tiles.dispose();
  expect(gpu.buffers).toBe(0);
});

gpuTest("leaves the inverse of each diagonal tile above its diagonal", async ({ gpu }) => {
  const n = 32;
  const a = positiveDefinite(n, 10);
  const tiles = upload(gpu, a, [n, n]);
  await cholesky(tiles);
  const tile = await tiles.download(0);
  tiles.dispose();
  const l = choleskyReference(a, n);
  const inverse = (i: number, j: number) =>
    i < j ? tile[i * n + j] : i === j ? 1 / tile[i * n + i] : 0; // of Lᵀ
  const product = Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let k = 0; k < n; k++) sum += l[k * n + i] * inverse(k, j);
    return sum;
  });
  const identity = product.map((_, at) => Number(at % (n + 1) === 0));
  expect(product).toBeAllclose(identity, { atol: 1e-5 });
});

gpuTest("reads only the lower triangle", async ({ gpu }) => {
  const [n, side] = [40, 32];
  const a = positiveDefinite(n, 10);
  const noisy = a.map((x, at) => (at % n <= Math.floor(at / n) ? x : 7));
  const tiles = upload(gpu, noisy, [n, side]);
  await cholesky(tiles);
  const l = await download(tiles);
  tiles.dispose();
  expect(l).toBeAllclose(choleskyReference(a, n), { atol: 1e-5 });
});

gpuTest.for([
  { pivot: 0, value: -2 },
  { pivot: 18, value: -2 },
  { pivot: 37, value: -2 },
  { pivot: 9, value: NaN },
  { pivot: 9, value: Infinity },
])("returns pivot $pivot when its diagonal entry is $value", async ({ pivot, value }, { gpu }) => {
  const [n, side] = [39, 16];
  const a = positiveDefinite(n, 10);
  a[pivot * n + pivot] = value;
  const tiles = upload(gpu, a, [n, side]);
  const bad = await cholesky(tiles);
  tiles.dispose();
  expect(bad?.index).toBe(pivot);
  if (value === -2) expect(bad?.pivot).toBeLessThan(-2 + 1e-9);
  else expect(bad?.pivot).toBe(value);
});

gpuTest("refuses a side that its blocks do not divide", async ({ gpu }) => {
  const tiles = new DeviceTiles(gpu, 20, { side: 20 });
  await expect(cholesky(tiles)).rejects.toThrow("invalid side: 20 (a multiple of 16)");
  tiles.dispose();
});
