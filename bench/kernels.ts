import type { Runtime } from "../src/engine/runtime/Runtime.ts";
import { cholesky } from "../src/kernels/solve/cholesky.ts";
import { covariance } from "../src/kernels/covariance/covariance.ts";
import { fastestCovariance } from "../src/kernels/covariance/covarianceTrial.ts";
import { DeviceTiles } from "../src/kernels/covariance/DeviceTiles.ts";
import { Gpu } from "../src/kernels/device/Gpu.ts";
import { SymmetricTiles } from "../src/kernels/covariance/SymmetricTiles.ts";
import { type Absence, contest, type Contender, type Standing } from "./contest.ts";
import peakCode from "./peak.wgsl?raw";
import { jaxCholesky, jaxMatMul, type Keys, onnxMatMul, tfjsMatMul } from "./peers/peers.ts";

/** One kernel at one size, by all who have it. */
export interface KernelTable {
  name: string;
  lines: (Standing | Absence)[];
}

export interface KernelResults {
  adapter: string;
  /** 10⁹ operations a second of nothing but multiply-adds. */
  peak: number;
  /** The variant that was chosen on this device, and what the choice took. */
  tuned: { variant: string; gflops: number; seconds: number };
  tables: KernelTable[];
}

/** Sizes of a card, and those that an emulated adapter, a thousand times slower, finishes. */
const sizes = {
  card: { samples: { 1024: 12288, 3072: 12288 }, orders: [1024, 4096], rounds: 9, least: 0.05 },
  emulated: { samples: { 1024: 256, 3072: 128 }, orders: [512, 1024], rounds: 3, least: 0 },
};

/** Our kernels beside their peers on one adapter in one run. */
export async function measureKernels(
  runtime: Runtime,
  description: string,
): Promise<KernelResults> {
  if (!runtime.device) throw new Error(`WebGPU is not there: ${description}`);
  const gpu = new Gpu(runtime.device);
  const emulated = /swiftshader|llvmpipe|lavapipe/i.test(description);
  const { samples, orders, rounds, least } = sizes[emulated ? "emulated" : "card"];
  const before = await measurePeak(gpu);
  const start = performance.now();
  const { choice, rate } = await fastestCovariance(gpu);
  const tuned = {
    variant: JSON.stringify(choice),
    gflops: rate / 1e9,
    seconds: (performance.now() - start) / 1000,
  };
  const timing = { peak: before, rounds, least };
  const tables: KernelTable[] = [];
  for (const [d, count] of Object.entries(samples)) {
    const keys = randomKeys(count, Number(d));
    tables.push({
      name: `KᵀK of ${count} keys of width ${d}`,
      lines: await accumulations(runtime, gpu, keys, timing),
    });
  }
  for (const n of orders)
    tables.push({ name: `Cholesky of ${n} × ${n}`, lines: await factorisations(gpu, n, timing) });
  const peak = Math.max(before, await measurePeak(gpu));
  return {
    adapter: description,
    peak,
    tuned,
    tables: tables.map((table) => ofPeak(table, before, peak)),
  };
}

type Timing = { peak: number; rounds: number; least: number };

/** The peak is measured before and after; what was reckoned with the first goes over to the better. */
const ofPeak = ({ name, lines }: KernelTable, before: number, peak: number): KernelTable => ({
  name,
  lines: lines.map((line) =>
    "absent" in line ? line : { ...line, ofPeak: (line.ofPeak! * before) / peak },
  ),
});

/** 10⁹ multiply-adds, times two, a second: the better of few and many chains of them. */
async function measurePeak(gpu: Gpu): Promise<number> {
  let best = 0;
  for (const MANY of [0, 1]) {
    for (let [threads, rounds] = [2048, 250], seconds = 0; seconds < 0.03;) {
      const shader = { name: "peak", code: peakCode, constants: { MANY, ROUNDS: rounds } };
      const pipeline = await gpu.pipeline(shader);
      const result = gpu.buffer("peak.result", threads * 16);
      const work = [{ pipeline, buffers: [result], workgroups: [threads / 64] as [number] }];
      gpu.run("peak", work);
      const times = [];
      for (let i = 0; i < 3; i++) times.push(await gpu.measure("peak", work));
      gpu.destroy(result);
      seconds = Math.min(...times);
      const flops = threads * rounds * (MANY ? 16 : 4) * 4 * 2;
      best = Math.max(best, flops / seconds / 1e9);
      if (threads < 2 ** 20) threads *= 8;
      else rounds *= 4;
    }
  }
  return best;
}

function accumulations(runtime: Runtime, gpu: Gpu, keys: Keys, timing: Timing) {
  const { samples, d } = keys;
  return contest(
    {
      ours: () => ourAccumulation(gpu, keys),
      "onnxruntime-web MatMul": () => onnxMatMul(runtime, keys),
      "tfjs matMul": () => tfjsMatMul(keys),
      "jax-js matmul": () => jaxMatMul(keys),
    },
    { flops: 2 * samples * d ** 2, done: samples * d * (d + 1), ...timing },
  );
}

/** The accumulation into the lower tiles, as `RunningCovariance` does it. */
async function ourAccumulation(gpu: Gpu, { data, samples, d }: Keys): Promise<Contender> {
  const { choice: variant, rate } = await fastestCovariance(gpu);
  const keys = gpu.upload("bench.keys", data);
  const tiles = new DeviceTiles(gpu, d, { label: "bench.c" });
  const flopsPerSubmission = rate / 4;
  return {
    start: () => covariance(gpu, { keys, samples, tiles }, { variant, flopsPerSubmission }),
    finish: () => gpu.device.queue.onSubmittedWorkDone(),
    async result() {
      tiles.clear();
      await covariance(gpu, { keys, samples, tiles }, { variant, flopsPerSubmission });
      return lower(await downloaded(tiles), "mirrored");
    },
    dispose() {
      gpu.destroy(keys);
      tiles.dispose();
    },
  };
}

function factorisations(gpu: Gpu, n: number, timing: Timing) {
  const a = wellConditioned(n);
  const flops = n ** 3 / 3;
  return contest(
    { ours: () => ourFactorisation(gpu, a, n), "jax-js cholesky": () => jaxCholesky(a, n) },
    { flops, done: flops, ...timing },
  );
}

/** Cholesky in place on the tiles, after a copy of the matrix on the GPU, which is timed as well. */
function ourFactorisation(gpu: Gpu, a: Float32Array, n: number): Promise<Contender> {
  const matrix = SymmetricTiles.from(a, n);
  const [from, tiles] = ["a", "l"].map(
    (name) => new DeviceTiles(gpu, n, { label: `bench.${name}` }),
  );
  matrix.tiles.forEach((tile, i) => from.upload(i, tile));
  return Promise.resolve({
    async start() {
      const encoder = gpu.device.createCommandEncoder({ label: "bench.copy" });
      from.buffers.forEach((buffer, i) =>
        encoder.copyBufferToBuffer(buffer, 0, tiles.buffers[i], 0, buffer.size),
      );
      gpu.device.queue.submit([encoder.finish()]);
      const bad = await cholesky(tiles);
      if (bad) throw new Error(`the matrix is not positive definite: ${JSON.stringify(bad)}`);
    },
    finish: () => gpu.device.queue.onSubmittedWorkDone(),
    result: async () => lower(await downloaded(tiles), "alone"),
    dispose() {
      from.dispose();
      tiles.dispose();
    },
  });
}

async function downloaded(tiles: DeviceTiles): Promise<SymmetricTiles> {
  const all: Float32Array<ArrayBuffer>[] = [];
  for (let tile = 0; tile < tiles.count; tile++) all.push(await tiles.download(tile));
  return new SymmetricTiles(tiles.n, tiles.side, all);
}

/** The lower half as a dense matrix [n, n], above it the same or zeros. */
function lower(tiles: SymmetricTiles, above: "mirrored" | "alone"): Float32Array {
  const { n } = tiles;
  const result = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const x = tiles.at(i, j);
      result[i * n + j] = x;
      if (above === "mirrored") result[j * n + i] = x;
    }
  }
  return result;
}

/** Numbers in [-1, 1) by a linear congruence. */
function random(length: number): Float32Array<ArrayBuffer> {
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

const randomKeys = (samples: number, d: number): Keys => ({
  data: random(samples * d),
  samples,
  d,
});

/** A symmetric matrix [n, n] whose diagonal outweighs its rows, so that float32 suffices. */
function wellConditioned(n: number): Float32Array<ArrayBuffer> {
  const a = random(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) a[j * n + i] = a[i * n + j];
    a[i * n + i] = n;
  }
  return a;
}
