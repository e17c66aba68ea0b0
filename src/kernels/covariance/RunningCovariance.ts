import {
  covariance,
  type CovarianceOptions,
  type CovarianceVariant,
  covarianceVariants,
  errorBound,
} from "./covariance.ts";
import { fastestCovariance } from "./covarianceTrial.ts";
import { DeviceTiles } from "./DeviceTiles.ts";
import type { Gpu } from "../device/Gpu.ts";
import type { TuningStore } from "../device/TuningStore.ts";

/** A smaller matrix is not worth the measurement. */
export const WORTH_TUNING = 512;

/** Sums of blocks that C takes in float32 before it is to be drained; with 128 samples in each, 16384 samples. */
const ADDITIONS = 128;

/** Seconds that a submission should take at most; a watchdog ends what takes two. */
const SUBMISSION = 0.25;

/** Floats that a drain reads back at once: 4 MiB. */
export const CHUNK = 2 ** 20;

export interface RunningCovarianceOptions {
  /** Of a tile; a multiple of 4. */
  side?: number | undefined;
  /** How the kernel works, instead of the fastest way that is measured. */
  variant?: CovarianceVariant | undefined;
  /** Remembers the measurement. */
  store?: TuningStore | undefined;
}

/**
 * The running sum Σ_s k_s k_sᵀ [n, n] over keys that are on the GPU already (METHODS 3; not centred).
 *
 * The device holds one float32 for each entry of the lower half (in tiles, see `DeviceTiles`). The caller keeps the
 * totals in float64: whenever `isDue`, `drain` hands over what was summed since the last time. So the error of an entry
 * relative to sqrt(C_ii C_jj) is at most `bound`, 1.5e-5, and mostly below 1e-6, however many samples there are.
 */
export class RunningCovariance {
  /** What no entry's error exceeds, relative to sqrt(C_ii C_jj), where each `isDue` is followed by a drain. */
  static readonly bound: number = errorBound(ADDITIONS);
  /** How many samples may pass between drains, where they come in batches of multiples of 128. */
  static readonly drainEvery: number = ADDITIONS * 128;

  readonly n: number;
  readonly side: number;
  readonly #gpu: Gpu;
  readonly #tiles: DeviceTiles;
  readonly #options: CovarianceOptions;
  #pending = 0;
  #additions = 0;

  private constructor(tiles: DeviceTiles, options: CovarianceOptions) {
    this.n = tiles.n;
    this.side = tiles.side;
    this.#gpu = tiles.gpu;
    this.#tiles = tiles;
    this.#options = options;
  }

  /** The zero sum. Measures which variant of the kernel is fastest here, unless that is known or n is small. */
  static async open(
    gpu: Gpu,
    n: number,
    { side, variant, store }: RunningCovarianceOptions = {},
  ): Promise<RunningCovariance> {
    const options = await chosen(gpu, n, { variant, store });
    const tiles = new DeviceTiles(gpu, n, { label: "runningCovariance", side });
    return new RunningCovariance(tiles, options);
  }

  /** Bytes that the sum holds on the GPU. */
  get bytes(): number {
    return this.#tiles.bytes;
  }

  /** Samples that were added since the last drain. */
  get pending(): number {
    return this.#pending;
  }

  /** Whether float32 has taken as many additions as its error bound allows: time for a drain. */
  get isDue(): boolean {
    return this.#additions >= ADDITIONS;
  }

  /** Adds keys [samples, n], row-major float32. When it resolves the work is submitted: the buffer may be destroyed. */
  async add(keys: GPUBuffer, samples: number): Promise<void> {
    const bytes = samples * this.n * 4;
    if (!(Number.isInteger(samples) && samples >= 0 && bytes <= keys.size))
      throw new Error(
        `invalid keys: ${samples} samples of ${this.n} floats in ${keys.size} bytes (they would take ${bytes})`,
      );
    const batch = { keys, samples, tiles: this.#tiles };
    this.#additions += await covariance(this.#gpu, batch, this.#options);
    this.#pending += samples;
  }

  /**
   * Hands over each tile [side, side] of the sum, both halves on the diagonal, and starts again from zero.
   *
   * A tile counts as handed over when it has been read: where `take` throws, the totals are incomplete.
   */
  async drain(
    take: (tile: number, partial: Float32Array<ArrayBuffer>) => void | Promise<void>,
  ): Promise<void> {
    this.#pending = 0;
    this.#additions = 0;
    const { side } = this;
    const tiles = this.#tiles;
    for (let tile = 0, row = 0, column = 0; tile < tiles.count;) {
      const { slot } = tiles.place(tile);
      const most = Math.max(1, Math.floor(CHUNK / side ** 2));
      const count = Math.min(most, tiles.perBuffer - slot, tiles.count - tile);
      const sums = await tiles.take(tile, count);
      for (let i = 0; i < count; i++, tile++) {
        const partial = sums.subarray(i * side ** 2, (i + 1) * side ** 2);
        if (row === column) mirror(partial, side);
        await take(tile, partial);
        [row, column] = column < row ? [row, column + 1] : [row + 1, 0];
      }
    }
  }

  /** Frees the buffers. */
  dispose(): void {
    this.#tiles.dispose();
  }
}

async function chosen(
  gpu: Gpu,
  n: number,
  { variant, store }: Pick<RunningCovarianceOptions, "variant" | "store">,
): Promise<CovarianceOptions> {
  if (variant) return { variant };
  if (n < WORTH_TUNING) return { variant: covarianceVariants[0] };
  const { choice, rate } = await fastestCovariance(gpu, store);
  return { variant: choice, flopsPerSubmission: rate * SUBMISSION };
}

/** Copies what lies below the diagonal of a tile to what lies above. */
function mirror(tile: Float32Array, side: number): void {
  for (let i = 0; i < side; i++) {
    for (let j = 0; j < i; j++) tile[j * side + i] = tile[i * side + j];
  }
}
