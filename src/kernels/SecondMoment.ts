import { covariance } from "./covariance.ts";
import { covarianceReference, mirrorLower } from "./covariance.reference.ts";
import type { Gpu } from "./Gpu.ts";

/**
 * The running sum C = Σ_s k_s k_sᵀ [dMlp, dMlp] over keys that arrive in batches (ROME, after eq. 2; not centred).
 *
 * With a Gpu: float32 sums with their rounding error carried along, on the GPU (2 · 4 · dMlp² bytes there). Without, or
 * where the matrix does not fit: in float64. `dispose` it.
 */
export class SecondMoment {
  readonly dMlp: number;
  /** How many keys have been added. */
  count = 0;
  readonly #gpu: { gpu: Gpu; c: GPUBuffer; carry: GPUBuffer } | undefined;
  readonly #c: Float64Array;

  constructor(dMlp: number, gpu?: Gpu) {
    this.dMlp = dMlp;
    const bytes = dMlp * dMlp * 4;
    const make = (gpu: Gpu, name: string) => gpu.buffer(`secondMoment.${name}`, bytes);
    if (gpu?.fits(bytes)) this.#gpu = { gpu, c: make(gpu, "c"), carry: make(gpu, "carry") };
    this.#c = new Float64Array(this.#gpu ? 0 : dMlp * dMlp);
  }

  /** Adds keys [samples, dMlp], row-major. */
  async add(keys: Float32Array): Promise<void> {
    const samples = keys.length / this.dMlp;
    if (!Number.isInteger(samples))
      throw new Error(`invalid keys: ${keys.length} numbers (expected a multiple of ${this.dMlp})`);
    if (!this.#gpu) covarianceReference(keys, [samples, this.dMlp], this.#c);
    else if (samples > 0) await this.#addOnGpu(keys, samples);
    this.count += samples;
  }

  /** Reads the sum [dMlp, dMlp], both triangles. */
  async read(): Promise<Float32Array<ArrayBuffer>> {
    if (!this.#gpu) return Float32Array.from(this.#c);
    return mirrorLower(await this.#gpu.gpu.download(this.#gpu.c), this.dMlp);
  }

  /** Frees the buffers. */
  dispose(): void {
    this.#gpu?.gpu.destroy(this.#gpu.c, this.#gpu.carry);
  }

  async #addOnGpu(all: Float32Array, samples: number): Promise<void> {
    const { gpu, c, carry } = this.#gpu!;
    const { dMlp } = this;
    const most = Math.floor(gpu.device.limits.maxStorageBufferBindingSize / (4 * dMlp));
    for (let first = 0; first < samples; first += most) {
      const count = Math.min(most, samples - first);
      const some = all.subarray(first * dMlp, (first + count) * dMlp);
      const keys = gpu.upload("secondMoment.keys", some);
      try {
        await covariance(gpu, { keys, samples: count, dMlp, c, carry });
      } finally {
        gpu.destroy(keys);
      }
    }
  }
}
