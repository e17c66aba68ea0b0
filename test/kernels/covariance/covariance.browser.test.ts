import { expect } from "vitest";
import {
  covariance,
  type CovarianceVariant,
  covarianceVariants,
  errorBound,
  isUsable,
} from "../../../src/kernels/covariance/covariance.ts";
import { covarianceReference } from "../../../src/kernels/covariance/covariance.reference.ts";
import { DeviceTiles } from "../../../src/kernels/covariance/DeviceTiles.ts";
import { Gpu } from "../../../src/kernels/device/Gpu.ts";
import { SymmetricTiles } from "../../../src/kernels/covariance/SymmetricTiles.ts";
import { gpuTest } from "../../support/device.ts";
import { uniform } from "../../support/kernels/positiveDefinite.ts";

/** The lower half of what the tiles hold, as a dense matrix [n, n]. */
async function read(tiles: DeviceTiles): Promise<Float32Array> {
  const all: Float32Array<ArrayBuffer>[] = [];
  for (let tile = 0; tile < tiles.count; tile++) all.push(await tiles.download(tile));
  const { n } = tiles;
  return new SymmetricTiles(n, tiles.side, all).dense().map((x, at) => (at % n > at / n ? 0 : x));
}

const lower = (c: Float64Array, n: number) => c.map((x, at) => (at % n > at / n ? 0 : x));

/** Tile settings that divide nothing below, besides those that are measured. */
const variants: CovarianceVariant[] = [
  { kernel: "blocks", threads: [1, 1], rows: 1, columns: 1, depth: 0 },
  { kernel: "blocks", threads: [3, 2], rows: 4, columns: 1, depth: 5 },
  { kernel: "blocks", threads: [2, 3], rows: 1, columns: 2, depth: 3 },
  { kernel: "quads", threads: [4, 3], rows: 4, columns: 1, depth: 0 },
  ...covarianceVariants,
];
const sizes = [
  { samples: 1, n: 1, side: 4 },
  { samples: 5, n: 3, side: 8 },
  { samples: 33, n: 17, side: 8 },
  { samples: 40, n: 36, side: 16 },
  { samples: 300, n: 70, side: 32 },
];
const settings = variants.map((variant) => {
  const { kernel, threads, rows, columns, depth } = variant;
  const name = `${kernel}, ${threads.join("×")} threads of ${rows}×${columns}, depth ${depth}`;
  return { name, variant };
});

gpuTest.for(settings)(
  "adds Kᵀ K for 1×1, 5×3, 33×17, 40×36 and 300×70 keys: $name",
  async ({ variant }, { gpu, skip }) => {
    if (!isUsable(variant, gpu.device)) return skip("not for this device");
    for (const { samples, n, side } of sizes) {
      const k = Float32Array.from(uniform(samples * n, 1));
      const keys = gpu.upload("test.keys", k);
      const tiles = new DeviceTiles(gpu, n, { side });
      await covariance(gpu, { keys, samples, tiles }, { variant });
      const once = lower(covarianceReference(k, [samples, n]), n);
      expect(await read(tiles)).toBeAllclose(once, { rtol: 1e-5, atol: 1e-5 });
      await covariance(gpu, { keys, samples, tiles }, { variant });
      const twice = once.map((x) => 2 * x);
      expect(await read(tiles)).toBeAllclose(twice, { rtol: 1e-5, atol: 1e-5 });
      tiles.dispose();
      gpu.destroy(keys);
    }
  },
);

gpuTest("leaves zeros past the end of the matrix", async ({ gpu }) => {
  for (const n of [5, 8]) {
    const keys = gpu.upload("test.keys", new Float32Array(3 * n).fill(1));
    const tiles = new DeviceTiles(gpu, n, { side: 16 });
    await covariance(gpu, { keys, samples: 3, tiles });
    const expected = new Float32Array(256).map((_, at) =>
      Math.max(Math.floor(at / 16), at % 16) < n ? 3 : 0,
    );
    expect(await tiles.download(0)).toEqual(expected);
    tiles.dispose();
    gpu.destroy(keys);
  }
});

gpuTest.for([
  { n: 676, samples: 500 }, // 387 rows are 1 MiB, 16 tiles as well
  { n: 675, samples: 500 },
])(
  "splits $samples keys of width $n and their tiles on a device that binds 1 MiB",
  async ({ n, samples }, { device }) => {
    const gpu = new Gpu(device, { bindingLimit: 2 ** 20 });
    const k = Float32Array.from(uniform(samples * n, 2));
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
    const keys = device.createBuffer({ label: "test.keys", size: k.byteLength, usage });
    gpu.write(keys, k);
    const tiles = new DeviceTiles(gpu, n, { side: 128 });
    expect(tiles.buffers.map(({ size }) => size / 2 ** 16)).toEqual([16, 5]);
    await covariance(gpu, { keys, samples, tiles }, { flopsPerSubmission: 3e7 });
    const expected = lower(covarianceReference(k, [samples, n]), n);
    expect(await read(tiles)).toBeAllclose(expected, { rtol: 1e-5, atol: 1e-4 });
    tiles.dispose();
    keys.destroy();
    expect(gpu.buffers).toBe(0);
  },
);

gpuTest("sums blocks, so that small terms are not lost among many samples", async ({ gpu }) => {
  const samples = 1601;
  const k = new Float32Array(samples).fill(1e-4);
  k[0] = 1;
  const keys = gpu.upload("test.keys", k);
  const tiles = new DeviceTiles(gpu, 1, { side: 4 });
  const additions = await covariance(gpu, { keys, samples, tiles });
  expect(additions).toBe(Math.ceil(samples / 128));
  const [sum] = await tiles.download(0);
  const [expected] = covarianceReference(k, [samples, 1]);
  expect(Math.abs(sum / expected - 1)).toBeLessThan(errorBound(additions));
  expect([sum - 1]).toBeAllclose([expected - 1], { rtol: 0.2, atol: 0 }); // one after the other: 0
  tiles.dispose();
  gpu.destroy(keys);
});

gpuTest(
  "refuses tiles that it cannot write and keys that the device cannot bind",
  async ({ device }) => {
    const gpu = new Gpu(device, { bindingLimit: 1024 });
    const keys = gpu.upload("test.keys", new Float32Array(6));
    const odd = new DeviceTiles(gpu, 6, { side: 6 });
    await expect(covariance(gpu, { keys, samples: 1, tiles: odd })).rejects.toThrow(
      "invalid tile side: 6",
    );
    const wide = new DeviceTiles(gpu, 300, { side: 16 });
    await expect(covariance(gpu, { keys, samples: 1, tiles: wide })).rejects.toThrow(
      "a key of 300 floats is too large for this GPU device, which binds 1024 bytes",
    );
    odd.dispose();
    wide.dispose();
    gpu.destroy(keys);
  },
);
