import { describe, expect } from "vitest";
import { covariance, errorBound } from "../../../src/kernels/covariance/covariance.ts";
import { covarianceReference } from "../../../src/kernels/covariance/covariance.reference.ts";
import { DeviceTiles } from "../../../src/kernels/covariance/DeviceTiles.ts";
import { Gpu } from "../../../src/kernels/device/Gpu.ts";
import { RunningCovariance } from "../../../src/kernels/covariance/RunningCovariance.ts";
import { SymmetricTiles, tileCount } from "../../../src/kernels/covariance/SymmetricTiles.ts";
import { gpuTest } from "../../support/device.ts";
import { uniform } from "../../support/kernels/positiveDefinite.ts";

/** Float64 totals as a caller keeps them. */
class Totals {
  readonly tiles: Float64Array[];
  constructor({ n, side }: RunningCovariance) {
    this.tiles = Array.from({ length: tileCount(n, side) }, () => new Float64Array(side * side));
  }
  take = (tile: number, partial: Float32Array) => {
    const total = this.tiles[tile];
    partial.forEach((x, at) => (total[at] += x));
  };
  dense({ n, side }: RunningCovariance): Float32Array {
    return new SymmetricTiles(
      n,
      side,
      this.tiles.map((tile) => Float32Array.from(tile)),
    ).dense();
  }
}

gpuTest("sums batches of keys, and hands over both halves", async ({ gpu }) => {
  const [samples, n] = [50, 19];
  const k = Float32Array.from(uniform(samples * n, 1));
  const covariance = await RunningCovariance.open(gpu, n, { side: 8 });
  expect(covariance.bytes).toBe(6 * 8 * 8 * 4);
  const totals = new Totals(covariance);
  for (const [first, end] of [
    [0, 20],
    [20, 20],
    [20, 50],
  ]) {
    const keys = gpu.upload("test.keys", k.subarray(first * n, end * n));
    await covariance.add(keys, end - first);
    gpu.destroy(keys);
  }
  expect([covariance.pending, covariance.isDue]).toEqual([50, false]);
  await covariance.drain(totals.take);
  expect(covariance.pending).toBe(0);
  const expected = covarianceReference(k, [samples, n]);
  expect(totals.dense(covariance)).toBeAllclose(expected);
  await covariance.drain(totals.take); // nothing since
  expect(totals.dense(covariance)).toBeAllclose(expected);
  covariance.dispose();
});

gpuTest(
  "measures the fastest variant once, and splits over buffers of 1 MiB",
  async ({ device }) => {
    const gpu = new Gpu(device, { bindingLimit: 2 ** 20 });
    const [samples, n] = [70, 1100];
    const k = Float32Array.from(uniform(samples * n, 3));
    const keys = gpu.upload("test.keys", k);
    const remembered = new Map<string, unknown>();
    const store = {
      get: (key: string) => Promise.resolve(remembered.get(key)),
      set: (key: string, value: unknown) => Promise.resolve(void remembered.set(key, value)),
    };
    const covariances = await Promise.all(
      [1, 2].map(() => RunningCovariance.open(gpu, n, { store })),
    );
    expect(remembered.size).toBe(1);
    expect(gpu.buffers).toBe(1 + 2 * 4); // 15 tiles of 256 KiB, four in a buffer
    const [covariance, other] = covariances;
    await covariance.add(keys, samples);
    const totals = new Totals(covariance);
    await covariance.drain(totals.take);
    const expected = covarianceReference(k, [samples, n]);
    expect(totals.dense(covariance)).toBeAllclose(expected, { rtol: 1e-5, atol: 1e-5 });
    covariance.dispose();
    other.dispose();
    gpu.destroy(keys);
    expect(gpu.buffers).toBe(0);
  },
);

/** The largest |Ĉ - C| / sqrt(C_ii C_jj) of the lower half. */
function worst(found: Float64Array[], exact: Float64Array, { n, side }: RunningCovariance): number {
  let most = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const scale = Math.sqrt(exact[i * n + i] * exact[j * n + j]);
      most = Math.max(most, Math.abs(found[0][i * side + j] - exact[i * n + j]) / scale);
    }
  }
  return most;
}

describe("the error does not grow with the number of samples", () => {
  const n = 8;
  const batch = 8192;
  const kinds = {
    "around 0": (x: Float64Array) => Float32Array.from(x),
    "far from 0, so that every product is positive": (x: Float64Array) =>
      Float32Array.from(x, (value) => 10 + value / 100),
    "all the same, so that roundings go one way": (x: Float64Array) =>
      new Float32Array(x.length).fill(1.0001),
    "of sizes from 1e-6 to 1e6": (x: Float64Array) =>
      Float32Array.from(x, (value, at) => value * 10 ** ((at % 13) - 6)),
  };
  gpuTest.for(
    Object.entries(kinds).flatMap(([kind, make]) =>
      [1e5, 1e6].map((rows) => ({ kind, make, rows })),
    ),
  )("$rows rows $kind", async ({ make, rows }, { gpu }) => {
    // One thread has a quarter of C, so that none are idle.
    const variant = { kernel: "blocks", threads: [2, 2], rows: 1, columns: 1, depth: 0 } as const;
    const covariance = await RunningCovariance.open(gpu, n, { side: 8, variant });
    const totals = new Totals(covariance);
    const exact = new Float64Array(n * n);
    for (let first = 0; first < rows; first += batch) {
      const samples = Math.min(batch, rows - first);
      const k = make(uniform(samples * n, first + 1));
      covarianceReference(k, [samples, n], exact);
      const keys = gpu.upload("test.keys", k);
      await covariance.add(keys, samples);
      gpu.destroy(keys);
      if (covariance.isDue) await covariance.drain(totals.take);
    }
    await covariance.drain(totals.take);
    const error = worst(totals.tiles, exact, covariance);
    expect(error).toBeLessThan(RunningCovariance.bound);
    expect(error).toBeLessThan(3e-6); // what is seen; the bound is for the worst case
    covariance.dispose();
  });
});

gpuTest("without draining, the error of a million samples exceeds that bound", async ({ gpu }) => {
  const [rows, n] = [2 ** 20, 4];
  const k = new Float32Array(rows * n).fill(1.0001);
  const keys = gpu.upload("test.keys", k);
  const tiles = new DeviceTiles(gpu, n, { side: 4 });
  const additions = await covariance(gpu, { keys, samples: rows, tiles });
  const [exact] = covarianceReference(k, [rows, n]);
  const [sum] = await tiles.download(0);
  const error = Math.abs(sum / exact - 1);
  expect(additions).toBe(2 ** 13);
  expect(error).toBeLessThan(errorBound(additions));
  expect(error).toBeGreaterThan(RunningCovariance.bound);
  tiles.dispose();
  gpu.destroy(keys);
});

gpuTest("refuses more samples than the buffer has", async ({ gpu }) => {
  const covariance = await RunningCovariance.open(gpu, 7);
  const keys = gpu.upload("test.keys", new Float32Array(14));
  await expect(covariance.add(keys, 3)).rejects.toThrow(
    "invalid keys: 3 samples of 7 floats in 56 bytes (they would take 84)",
  );
  covariance.dispose();
  gpu.destroy(keys);
});
