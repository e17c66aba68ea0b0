import { cholesky } from "./cholesky.ts";
import { choleskyReference } from "./cholesky.reference.ts";
import type { Gpu } from "./Gpu.ts";
import { refine, type SymmetricSystem } from "./refine.ts";
import { choleskySolve } from "./triangularSolve.ts";
import { choleskySolveReference } from "./triangularSolve.reference.ts";

/** The largest backward error (see `refine`) with which a solve on the GPU counts as good as float64. */
const goodError = 1e-12;

/**
 * A symmetric positive definite matrix C [n, n], factorised once and solved with many times, as good as in float64.
 *
 * With a Gpu: Cholesky and triangular solves in float32 there, and iterative refinement with the residual in float64.
 * Where float32 is not enough (condition above about 1e6), the matrix does not fit, or there is no Gpu: the float64
 * references. `dispose` it.
 */
export class Factor {
  readonly n: number;
  readonly #c: Float32Array | Float64Array;
  #gpu: { gpu: Gpu; l: GPUBuffer } | undefined;
  #reference: Float64Array | undefined;

  private constructor(c: Float32Array | Float64Array, n: number) {
    this.#c = c;
    this.n = n;
  }

  /**
   * Factorises C [n, n], of which only the lower triangle is read. C is kept, not copied: do not change it.
   *
   * Throws with the pivot when C is not positive definite.
   */
  static async of(c: Float32Array | Float64Array, n: number, gpu?: Gpu): Promise<Factor> {
    if (c.length !== n * n)
      throw new Error(`invalid matrix: ${c.length} numbers (expected ${n} × ${n} = ${n * n})`);
    const factor = new Factor(c, n);
    if (gpu?.fits(n * n * 4)) await factor.#factoriseOn(gpu);
    if (!factor.#gpu) factor.#inFloat64();
    return factor;
  }

  /** Where solves run: float64 also after float32 turned out not to be enough. */
  get precision(): "float32 refined" | "float64" {
    return this.#gpu ? "float32 refined" : "float64";
  }

  /** Solves C x = b for b [n, columns], row-major; returns x [n, columns]. */
  async solve(b: Float64Array, columns = 1): Promise<Float64Array> {
    const { n } = this;
    if (b.length !== n * columns)
      throw new Error(
        `invalid right-hand side: ${b.length} numbers (expected ${n} × ${columns} = ${n * columns})`,
      );
    const refined = await this.#refine({ c: this.#c, n, b, columns });
    if (refined) return refined;
    return choleskySolveReference(this.#inFloat64(), n, b, columns);
  }

  /** Frees the factor on the GPU; solving afterwards runs in float64 on the CPU. */
  dispose(): void {
    this.#gpu?.gpu.destroy(this.#gpu.l);
    this.#gpu = undefined;
  }

  async #factoriseOn(gpu: Gpu): Promise<void> {
    const l = gpu.upload("factor.l", Float32Array.from(this.#c));
    try {
      await cholesky(gpu, l, this.n);
      this.#gpu = { gpu, l };
    } catch (error) {
      gpu.destroy(l);
      // Positive definite perhaps, but not in float32: the float64 reference decides.
      if (!String(error).includes("not positive definite")) throw error;
    }
  }

  async #refine(system: SymmetricSystem): Promise<Float64Array | undefined> {
    if (!this.#gpu) return undefined;
    const { gpu, l } = this.#gpu;
    const { x, error } = await refine(system, async (r, columns) => {
      const b = gpu.upload("factor.b", r);
      try {
        await choleskySolve(gpu, { l, b, n: this.n, columns });
        return await gpu.download(b);
      } finally {
        gpu.destroy(b);
      }
    });
    if (error <= goodError) return x;
    this.dispose();
    return undefined;
  }

  #inFloat64(): Float64Array {
    return (this.#reference ??= choleskyReference(Float64Array.from(this.#c), this.n));
  }
}
