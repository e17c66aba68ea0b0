import { choleskyInPlace, notPositiveDefinite, type BadPivot } from "./cholesky.reference.ts";
import { DeviceFactor } from "./DeviceFactor.ts";
import type { Gpu } from "../device/Gpu.ts";
import { smallestRidge } from "./ridge.ts";
import type { SymmetricTiles } from "../covariance/SymmetricTiles.ts";
import {
  denseSum,
  type Keys,
  meanDiagonal,
  type SymmetricSum,
} from "../covariance/symmetricSum.ts";
import { choleskySolveReference } from "./triangularSolve.reference.ts";

/** The largest backward error (see `refine`) with which a solve on the GPU counts as good as float64. */
const goodError = 1e-12;

/** What is factorised besides C, and where. */
export interface FactorOptions {
  gpu?: Gpu | undefined;
  /** Default 1. */
  scale?: number;
  /** Added to the diagonal of scale · C; default 0. */
  ridge?: number;
  /** K, whose K Kᵀ is added; default none. */
  keys?: Keys | undefined;
  /** Whether to look for the ridge that mends A where it is not positive definite, which takes up to seven more factors; default true. */
  findRidge?: boolean;
}

/** What {@link Factor.of} throws of a matrix that has no factor. */
export class NotPositiveDefinite extends Error {}

/**
 * A symmetric positive definite matrix A = scale · C + ridge · I + K Kᵀ [n, n], factorised once and solved with many
 * times, as good as in float64.
 *
 * With a Gpu: Cholesky and triangular solves in float32 there, and iterative refinement with the residual of the exact A,
 * in float64 for a few right-hand sides and in double-float on the GPU for more. Where float32 is not enough (condition
 * above about 1e6), or there is no Gpu: the float64 references. `dispose` it.
 */
export class Factor {
  readonly n: number;
  readonly scale: number;
  readonly ridge: number;
  readonly #sum: SymmetricSum;
  #device: DeviceFactor | undefined;
  #reference: Float64Array | undefined;
  /** Solves that are running on the GPU, and whether the factor there goes when they are over. */
  #solving = 0;
  #leaving = false;

  private constructor(sum: SymmetricSum) {
    this.n = sum.c.n;
    this.scale = sum.scale;
    this.ridge = sum.ridge;
    this.#sum = sum;
  }

  /**
   * Factorises A; C and K are kept, not copied: do not change them.
   *
   * Throws {@link NotPositiveDefinite} with the pivot when A is not positive definite, and with the smallest ridge that mends it.
   */
  static async of(c: SymmetricTiles, options: FactorOptions = {}): Promise<Factor> {
    const { gpu, scale = 1, ridge = 0, keys, findRidge = true } = options;
    if (keys && keys.data.length !== c.n * keys.count)
      throw new Error(
        `invalid keys: ${keys.data.length} numbers (expected ${c.n} × ${keys.count} = ${c.n * keys.count})`,
      );
    const factor = new Factor({ c, scale, ridge, keys });
    if (gpu) factor.#device = await DeviceFactor.of(gpu, factor.#sum);
    if (!factor.#device) {
      const bad = factor.#inFloat64();
      if (bad)
        throw new NotPositiveDefinite(
          findRidge ? await explained(bad, factor.#sum, gpu) : notPositiveDefinite(bad),
        );
    }
    return factor;
  }

  /** Where solves run: float64 also after float32 turned out not to be enough. */
  get precision(): "float32 refined" | "float64" {
    return this.#device && !this.#leaving ? "float32 refined" : "float64";
  }

  /** Bytes that the factor takes, on the GPU and on the CPU. */
  get bytes(): number {
    return (this.#device?.bytes ?? 0) + (this.#reference?.byteLength ?? 0);
  }

  /** Solves A x = b for b [n, columns], row-major; returns x [n, columns]. */
  async solve(b: Float64Array, columns = 1): Promise<Float64Array> {
    const { n } = this;
    if (b.length !== n * columns)
      throw new Error(
        `invalid right-hand side: ${b.length} numbers (expected ${n} × ${columns} = ${n * columns})`,
      );
    const refined = await this.#refined(b, columns);
    if (refined) return refined;
    const bad = this.#inFloat64();
    if (bad) throw new NotPositiveDefinite(await explained(bad, this.#sum));
    return choleskySolveReference(this.#reference!, n, b, columns);
  }

  /** Frees the factor on the GPU, after the solves that are running there; later ones run in float64 on the CPU. */
  dispose(): void {
    this.#leaving = true;
    if (this.#solving > 0) return;
    this.#device?.dispose();
    this.#device = undefined;
  }

  /** The solution on the GPU; undefined where float32 is not enough, and from then on. */
  async #refined(b: Float64Array, columns: number): Promise<Float64Array | undefined> {
    if (!this.#device || this.#leaving) return undefined;
    this.#solving++;
    try {
      const { x, error } = await this.#device.solve(b, columns);
      if (error <= goodError) return x;
      this.#leaving = true;
      return undefined;
    } finally {
      this.#solving--;
      if (this.#leaving) this.dispose();
    }
  }

  #inFloat64(): BadPivot | undefined {
    if (this.#reference) return undefined;
    const l = denseSum(this.#sum);
    const bad = choleskyInPlace(l, this.n);
    if (!bad) this.#reference = l;
    return bad;
  }
}

/** What is wrong with A and which ridge mends it: in float32 where there is a GPU to try on, in float64 else. */
async function explained(bad: BadPivot, sum: SymmetricSum, gpu?: Gpu): Promise<string> {
  const mends = async (more: number) => {
    const ridged = { ...sum, ridge: sum.ridge + more };
    if (!gpu) return !choleskyInPlace(denseSum(ridged), sum.c.n);
    const factor = await DeviceFactor.of(gpu, ridged);
    factor?.dispose();
    return factor !== undefined;
  };
  const found = await smallestRidge(meanDiagonal(sum), mends);
  const advice = found
    ? `adding ${found.ridge} (${found.part} of the mean diagonal) to the diagonal mends it, and so may more samples`
    : "no small ridge mends it, so collect it again";
  return `${notPositiveDefinite(bad)}; ${advice}`;
}
