import code from "./covariance.wgsl?raw";
import type { Gpu } from "./Gpu.ts";

/** The buffers of one addition: keys [samples, dMlp]; c and carry [dMlp, dMlp], row-major float32. */
export interface CovarianceBuffers {
  keys: GPUBuffer;
  samples: number;
  dMlp: number;
  c: GPUBuffer;
  /** What rounding added to c; give the same buffer to every call of a long sum. Default: forgotten after the call. */
  carry?: GPUBuffer;
  tile?: number;
}

/**
 * Adds the second moment of the keys to the lower triangle of C: C += Kᵀ K (ROME, after eq. 2, where keys are columns).
 *
 * The keys are not centred. Accumulation: `tile` products are summed in float32, and these chunks are added to C by
 * Kahan's compensated sum, whose error term stays in `carry`; the error does not grow with the number of samples or
 * calls. Entries above the diagonal are not written.
 */
export async function covariance(gpu: Gpu, buffers: CovarianceBuffers): Promise<void> {
  const { keys, samples, dMlp, c, tile = 16 } = buffers;
  const pipeline = await gpu.pipeline({ name: "covariance", code, constants: { TILE: tile } });
  const shape = new Uint32Array([samples, dMlp, 0]);
  new Float32Array(shape.buffer)[2] = 1;
  const carry = buffers.carry ?? gpu.buffer("covariance.carry", dMlp * dMlp * 4);
  const tiles = Math.ceil(dMlp / tile);
  try {
    gpu.withUniforms("covariance.shape", [shape], ([uniform]) => {
      const bound = [uniform, keys, c, carry];
      gpu.run("covariance", [{ pipeline, buffers: bound, workgroups: [tiles, tiles] }]);
    });
  } finally {
    if (!buffers.carry) gpu.destroy(carry);
  }
}
