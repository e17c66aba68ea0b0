import packCode from "./covariance.pack.wgsl?raw";
import quadsCode from "./covariance.quads.wgsl?raw";
import blocksCode from "./covariance.wgsl?raw";
import type { DeviceTiles } from "./DeviceTiles.ts";
import type { Dispatch, Gpu, Shader } from "../device/Gpu.ts";

/** Samples whose products are summed in registers before they are added to C. */
const BLOCK = 128;

/** Samples of one dispatch, so that no tile alone reaches a watchdog's two seconds. */
const SAMPLES = 2048;

/**
 * How the kernel cuts its work. All give the same sums but for roundings; which is fastest is for `tuning.ts` to measure.
 *
 * A workgroup of `threads` [x, y] makes y · 4 rows by x · 4 columns rows of C, in vec4s.
 */
export interface CovarianceVariant {
  /** `quads`: four threads share the keys of their rows, by subgroup operations. */
  kernel: "blocks" | "quads";
  threads: readonly [x: number, y: number];
  /** vec4s of rows and of columns per thread. `quads` has 4 rows. */
  rows: 1 | 2 | 4;
  columns: 1 | 2;
  /** Samples read at once into workgroup memory; 0: each thread reads what it needs. `quads` has 0. */
  depth: number;
}

/** Those worth measuring, the first being right for any device. */
export const covarianceVariants: readonly CovarianceVariant[] = [
  { kernel: "blocks", threads: [8, 8], rows: 2, columns: 2, depth: 0 },
  { kernel: "blocks", threads: [8, 4], rows: 4, columns: 2, depth: 0 },
  { kernel: "quads", threads: [8, 4], rows: 4, columns: 2, depth: 0 },
  { kernel: "blocks", threads: [8, 8], rows: 2, columns: 2, depth: 8 },
  { kernel: "blocks", threads: [16, 16], rows: 2, columns: 2, depth: 8 },
  { kernel: "blocks", threads: [16, 16], rows: 2, columns: 2, depth: 16 },
];

/** keys [samples, n], row-major float32 on the tiles' device; it may be larger than one binding. */
export interface KeyBatch {
  keys: GPUBuffer;
  samples: number;
  tiles: DeviceTiles;
}

export interface CovarianceOptions {
  variant?: CovarianceVariant;
  /** Work of one submission (a product and a sum are two), so that none reaches a watchdog's two seconds. */
  flopsPerSubmission?: number;
  /** Takes each submission; a measurement times it. */
  submit?: (label: string, dispatches: Dispatch[]) => void;
}

/**
 * Adds the keys' products to the lower half of C: C += Kᵀ K = Σ_s k_s k_sᵀ (METHODS 3; not centred).
 *
 * In tiles on the diagonal, what lies above it is not to be used. Accumulation: at most 128 products are summed in
 * float32 registers, and each such sum is added to C in float32; returned is how many were added. After `additions` of
 * them in all, see `errorBound`.
 */
export async function covariance(
  gpu: Gpu,
  { keys, samples, tiles }: KeyBatch,
  options: CovarianceOptions = {},
): Promise<number> {
  const { variant = covarianceVariants[0], flopsPerSubmission = 5e8 } = options;
  const { submit = (label, dispatches) => gpu.run(label, dispatches) } = options;
  checkSide(tiles.side);
  const accumulate = await gpu.pipeline(shader(variant));
  const pack = await gpu.pipeline({ name: "covariance.pack", code: packCode });
  const most = mostSamples(gpu, tiles.n);
  let additions = 0;
  for (let first = 0; first < samples; first += most) {
    const count = Math.min(most, samples - first);
    const rows = boundRows(gpu, keys, { first, count, n: tiles.n });
    const work = { tiles, count, variant, flopsPerSubmission };
    const add = (source: Rows) => submitTiles(gpu, { ...work, source, accumulate, submit });
    if (tiles.n % 4 === 0) add({ ...rows, skip: rows.skip / 4, stride: tiles.n / 4 });
    else withPacked(gpu, pack, { ...rows, count, n: tiles.n }, add);
    additions += Math.ceil(count / BLOCK);
  }
  return additions;
}

/**
 * The most by which an entry of C can be wrong, relative to sqrt(C_ii C_jj), after so many additions to a C of zero.
 *
 * A product passes at most 128 roundings in its block (its own and those of the sums it goes through, in whatever
 * order) and one in each addition, so with k = 128 + additions and u = 2⁻²⁴ the error is at most k u / (1 - k u)
 * Σ|k_si k_sj|, and Σ|k_si k_sj| <= sqrt(C_ii C_jj) (Cauchy and Schwarz). Where partial sums are drained into float64
 * totals every so many additions, the total keeps this bound however many samples there are.
 */
export function errorBound(additions: number): number {
  const roundings = (BLOCK + additions) * 2 ** -24;
  return roundings / (1 - roundings);
}

/** Whether the device's limits and features allow the variant. */
export function isUsable(variant: CovarianceVariant, device: GPUDevice): boolean {
  const [x, y] = variant.threads;
  const { maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupStorageSize } = device.limits;
  const memory = Math.max(variant.depth, 1) * (x * variant.columns + y * variant.rows) * 16;
  return (
    x * y <= maxComputeInvocationsPerWorkgroup &&
    x <= device.limits.maxComputeWorkgroupSizeX &&
    y <= device.limits.maxComputeWorkgroupSizeY &&
    memory <= maxComputeWorkgroupStorageSize &&
    (variant.kernel === "blocks" || device.features.has("subgroups"))
  );
}

function checkSide(side: number): void {
  if (side % 4 !== 0)
    throw new Error(`invalid tile side: ${side} (the kernel writes four columns at once)`);
}

function shader({ kernel, threads, rows, columns, depth }: CovarianceVariant): Shader {
  const constants = { GROUP_X: threads[0], GROUP_Y: threads[1], COLUMNS: columns };
  return kernel === "quads"
    ? { name: "covariance.quads", code: quadsCode, constants }
    : {
        name: "covariance",
        code: blocksCode,
        constants: { ...constants, ROWS: rows, DEPTH: depth },
      };
}

/** How many rows of keys can be bound, packed as well; a binding begins up to one alignment too early. */
function mostSamples(gpu: Gpu, n: number): number {
  const align = gpu.device.limits.minStorageBufferOffsetAlignment;
  const most = Math.floor((gpu.bindingLimit - align) / (Math.ceil(n / 4) * 16));
  if (most < 1)
    throw new Error(
      `a key of ${n} floats is too large for this GPU device, which binds ${gpu.bindingLimit} bytes`,
    );
  return Math.min(most, SAMPLES);
}

/** Part of a buffer as it is bound: the rows begin `skip` elements (floats, or vec4s) after the binding. */
interface Bound {
  binding: GPUBufferBinding;
  skip: number;
}

/** Keys as the kernel reads them: rows of `stride` vec4s. */
interface Rows extends Bound {
  stride: number;
}

/** Rows of keys, in floats, from an offset that the device allows. */
function boundRows(
  gpu: Gpu,
  buffer: GPUBuffer,
  { first, count, n }: { first: number; count: number; n: number },
): Bound {
  const begin = first * n * 4;
  const align = gpu.device.limits.minStorageBufferOffsetAlignment;
  const offset = begin - (begin % align);
  const size = begin - offset + count * n * 4;
  return { binding: { buffer, offset, size }, skip: (begin - offset) / 4 };
}

/** Lends `use` a copy of the rows in vec4s, for widths that are not a multiple of four. */
function withPacked(
  gpu: Gpu,
  pipeline: GPUComputePipeline,
  { binding, skip, count, n }: Bound & { count: number; n: number },
  use: (rows: Rows) => void,
): void {
  const stride = Math.ceil(n / 4);
  const packed = gpu.buffer("covariance.packed", count * stride * 16);
  try {
    gpu.withUniforms("covariance.pack", [new Uint32Array([skip, n, stride])], ([shape]) => {
      const workgroups: [number, number] = [Math.ceil(stride / 64), count];
      gpu.run("covariance.pack", [{ pipeline, buffers: [shape, binding, packed], workgroups }]);
    });
    use({ binding: { buffer: packed }, skip: 0, stride });
  } finally {
    gpu.destroy(packed);
  }
}

interface TileWork extends Required<Omit<CovarianceOptions, "variant">> {
  tiles: DeviceTiles;
  source: Rows;
  count: number;
  variant: CovarianceVariant;
  accumulate: GPUComputePipeline;
}

/** All tiles, as many in a submission as its work allows. */
function submitTiles(gpu: Gpu, work: TileWork): void {
  const { tiles, source, count, variant, accumulate, submit } = work;
  const side = tiles.side / 4;
  const block = Math.ceil(count / Math.ceil(count / BLOCK));
  const ranges = tileRanges(gpu, work);
  const shapes = ranges.map(({ tile }) => {
    const { slot } = tiles.place(tile);
    return new Uint32Array([count, block, source.skip, source.stride, side, tile, slot]);
  });
  const { threads, rows, columns } = variant;
  const x = Math.ceil(side / (threads[0] * columns)) * Math.ceil(side / (threads[1] * rows));
  gpu.withUniforms("covariance.shape", shapes, (bindings) => {
    ranges.forEach(({ tile, length }, i) => {
      const buffers = [bindings[i], source.binding, tiles.place(tile).buffer];
      submit("covariance", [{ pipeline: accumulate, buffers, workgroups: [x, length] }]);
    });
  });
}

/** Runs of tiles that lie in one buffer each. */
function tileRanges(gpu: Gpu, { tiles, count, flopsPerSubmission }: TileWork) {
  const { maxComputeWorkgroupsPerDimension } = gpu.device.limits;
  const wanted = Math.floor(flopsPerSubmission / (2 * count * tiles.side ** 2));
  const most = Math.min(Math.max(1, wanted), maxComputeWorkgroupsPerDimension);
  const ranges: { tile: number; length: number }[] = [];
  for (let tile = 0; tile < tiles.count;) {
    const inBuffer = tiles.perBuffer - tiles.place(tile).slot;
    const length = Math.min(most, inBuffer, tiles.count - tile);
    ranges.push({ tile, length });
    tile += length;
  }
  return ranges;
}
