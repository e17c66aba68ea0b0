import {
  covariance,
  type CovarianceVariant,
  covarianceVariants,
  errorBound,
  isUsable,
} from "./covariance.ts";
import { DeviceTiles } from "./DeviceTiles.ts";
import type { Dispatch, Gpu } from "../device/Gpu.ts";
import { tileCount } from "./SymmetricTiles.ts";
import { fastest, type Tuned } from "../device/tuning.ts";
import type { TuningStore } from "../device/TuningStore.ts";

/** The trial's C is [WIDTH, WIDTH], in 36 tiles. */
const WIDTH = 1024;
const SIDE = 128;

/** Bytes of the trial's keys and tiles on a device that binds so many. */
export function trialBytes(bindingLimit: number): number {
  const fitting = TRIALS.filter(({ samples }) => samples * WIDTH * 4 <= bindingLimit);
  const most = Math.max(...fitting.map(({ samples }) => samples));
  return 4 * (most * WIDTH + tileCount(WIDTH, SIDE) * SIDE ** 2);
}

/** Trials of growing work, until one takes `ENOUGH` seconds (browsers round their GPU clocks to 0.1 ms). */
const TRIALS = [
  { samples: 16, times: 1 },
  { samples: 256, times: 1 },
  { samples: 2048, times: 1 },
  { samples: 2048, times: 16 },
];
const ENOUGH = 0.004;

/** Samples of the check, which every device can hold. */
const CHECKED = 13;

/** Each trial counts with the best of so many, unless one alone takes `LONG` seconds. */
const REPEATS = 3;
const LONG = 0.05;

/** A variant that is this many times slower than the best so far is not measured further. */
const HOPELESS = 4;

/**
 * The fastest variant of the covariance kernel on this device, by a measurement of about a second that is remembered.
 *
 * Every variant is also checked: one that computes something else here does not count.
 */
export async function fastestCovariance(
  gpu: Gpu,
  store?: TuningStore,
): Promise<Tuned<CovarianceVariant>> {
  const candidates = covarianceVariants.filter((variant) => isUsable(variant, gpu.device));
  const trial = new Trial(gpu);
  try {
    const measure = (variant: CovarianceVariant) => trial.rate(variant);
    return await fastest(gpu, { name: "covariance", candidates, measure, store });
  } finally {
    trial.dispose();
  }
}

/** Keys and tiles that all candidates are measured on, made when the first of them is. */
class Trial {
  readonly #gpu: Gpu;
  #buffers: { keys: GPUBuffer; tiles: DeviceTiles } | undefined;
  /** Of the variants so far, at each trial. */
  readonly #highest: number[] = [];

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** Operations per second; throws where the sums are wrong. */
  async rate(variant: CovarianceVariant): Promise<number> {
    await this.#check(variant);
    let rate = 0;
    for (const [i, trial] of this.#trials.entries()) {
      const seconds = await this.#best(variant, trial);
      rate = (trial.samples * trial.times * WIDTH ** 2) / seconds;
      const highest = Math.max(rate, this.#highest[i] ?? 0);
      this.#highest[i] = highest;
      if (seconds >= ENOUGH || rate * HOPELESS < highest) break;
    }
    return rate;
  }

  dispose(): void {
    if (!this.#buffers) return;
    this.#buffers.tiles.dispose();
    this.#gpu.destroy(this.#buffers.keys);
  }

  get #trials() {
    return TRIALS.filter(({ samples }) => this.#gpu.fits(samples * WIDTH * 4));
  }

  get #made() {
    if (this.#buffers) return this.#buffers;
    const most = Math.max(...this.#trials.map(({ samples }) => samples));
    const keys = this.#gpu.upload("covarianceTrial.keys", trialKeys(most));
    const tiles = new DeviceTiles(this.#gpu, WIDTH, { side: SIDE, label: "covarianceTrial.c" });
    return (this.#buffers = { keys, tiles });
  }

  async #best(variant: CovarianceVariant, trial: (typeof TRIALS)[number]): Promise<number> {
    let best = Infinity;
    for (let i = 0; i < REPEATS && !(best < Infinity && best > LONG); i++)
      best = Math.min(best, await this.#seconds(variant, trial));
    return best;
  }

  async #seconds(
    variant: CovarianceVariant,
    { samples, times }: (typeof TRIALS)[number],
  ): Promise<number> {
    const measured: Promise<number>[] = [];
    const submit = (label: string, dispatches: Dispatch[]) => {
      const work = Array.from({ length: times }, () => dispatches).flat();
      measured.push(this.#gpu.measure(label, work));
    };
    const batch = { ...this.#made, samples };
    await covariance(this.#gpu, batch, { variant, flopsPerSubmission: Infinity, submit });
    const seconds = await Promise.all(measured);
    return seconds.reduce((sum, one) => sum + one, 1e-6);
  }

  /** Compiles it, and compares the last two tiles [SIDE, SIDE], off and on the diagonal of C, with float64. */
  async #check(variant: CovarianceVariant): Promise<void> {
    const { tiles } = this.#made;
    const samples = CHECKED;
    tiles.clear();
    const additions = await covariance(this.#gpu, { ...this.#made, samples }, { variant });
    const keys = trialKeys(samples);
    for (const [tile, left] of [
      [tiles.count - 2, WIDTH - 2 * SIDE],
      [tiles.count - 1, WIDTH - SIDE],
    ]) {
      const sums = await tiles.download(tile);
      for (let at = 0; at < sums.length; at += 7) {
        const [i, j] = [WIDTH - SIDE + Math.floor(at / SIDE), left + (at % SIDE)];
        if (j > i) continue;
        const { sum, size } = product(keys, i, j);
        if (!(Math.abs(sums[at] - sum) <= errorBound(additions) * size))
          throw new Error(`${JSON.stringify(variant)} computes ${sums[at]} instead of ${sum}`);
      }
    }
  }
}

/** Σ_s k_si k_sj and Σ_s |k_si k_sj|. */
function product(keys: Float32Array, i: number, j: number): { sum: number; size: number } {
  let [sum, size] = [0, 0];
  for (let at = 0; at < keys.length; at += WIDTH) {
    const term = keys[at + i] * keys[at + j];
    sum += term;
    size += Math.abs(term);
  }
  return { sum, size };
}

/** Keys [samples, WIDTH] without a pattern that a mistake in the kernel could share. */
function trialKeys(samples: number): Float32Array {
  return Float32Array.from({ length: samples * WIDTH }, (_, at) => Math.sin(at * 1.7 + at ** 2));
}
