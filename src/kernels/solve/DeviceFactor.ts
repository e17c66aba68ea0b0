import { cholesky } from "./cholesky.ts";
import type { DeviceTiles } from "../covariance/DeviceTiles.ts";
import { deviceSide, uploadSum } from "../covariance/deviceSum.ts";
import type { Gpu } from "../device/Gpu.ts";
import { refine, type Refined } from "./refine.ts";
import { residualReference } from "./residual.reference.ts";
import { residual } from "./residual.ts";
import { mostSides, RightSides } from "./RightSides.ts";
import { type SymmetricSum, sumNorm } from "../covariance/symmetricSum.ts";
import { choleskySolve } from "./triangularSolve.ts";

/**
 * Up to so many right-hand sides the residual is made in float64 on the CPU, which reads C once for each; for more, C
 * goes to the GPU and the residual is made there in double-float.
 */
export const fewColumns = 4;

/** The float32 factor of A = scale · C + ridge · I + K Kᵀ on a GPU, and solves with it, refined. `dispose` it. */
export class DeviceFactor {
  readonly #gpu: Gpu;
  readonly #sum: SymmetricSum;
  readonly #l: DeviceTiles;
  readonly #norm: number;

  private constructor(gpu: Gpu, sum: SymmetricSum, l: DeviceTiles) {
    this.#gpu = gpu;
    this.#sum = sum;
    this.#l = l;
    this.#norm = sumNorm(sum);
  }

  /** Factorises A; undefined where it is not positive definite in float32. */
  static async of(gpu: Gpu, sum: SymmetricSum): Promise<DeviceFactor | undefined> {
    const l = await uploadSum(gpu, sum, deviceSide(gpu, sum.c));
    try {
      if (!(await cholesky(l))) return new DeviceFactor(gpu, sum, l);
    } catch (error) {
      l.dispose();
      throw error;
    }
    l.dispose();
    return undefined;
  }

  /** Bytes on the GPU between solves. */
  get bytes(): number {
    return this.#l.bytes;
  }

  /** A x = b [n, columns], refined while that helps; `error` says how good x is. */
  solve(b: Float64Array, columns: number): Promise<Refined> {
    const { n, side } = this.#l;
    const onGpu = columns > fewColumns;
    const system = {
      n,
      b,
      columns,
      norm: this.#norm,
      residual: (x: Float64Array) =>
        onGpu
          ? residual(this.#gpu, this.#sum, { b, x, columns, side })
          : residualReference(this.#sum, { b, x, columns }),
    };
    return refine(system, (r) => this.#roughly(r, columns));
  }

  /** Frees the factor; `solve` must not be running. */
  dispose(): void {
    this.#l.dispose();
  }

  /** A x = r in float32, some columns at a time. */
  async #roughly(r: Float32Array, columns: number): Promise<Float32Array> {
    const { n, side } = this.#l;
    const x = new Float32Array(r.length);
    const most = mostSides(this.#gpu, side);
    for (let begin = 0; begin < columns; begin += most) {
      const range: [number, number] = [begin, Math.min(columns, begin + most)];
      const shape = { n, side, columns: range[1] - begin };
      const sides = new RightSides(this.#gpu, "factor.b", shape);
      try {
        sides.write({ data: r, n, columns, range });
        await choleskySolve(this.#l, sides);
        await sides.read({ data: x, n, columns, range });
      } finally {
        sides.dispose();
      }
    }
    return x;
  }
}
