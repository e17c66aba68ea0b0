import type { Gpu } from "../device/Gpu.ts";
import type { RankUpdateShape } from "./rankUpdate.reference.ts";
import code from "./rankUpdate.wgsl?raw";

/** w in the layout the shape names, u [rank, inputs], v [rank, outputs]; row-major float32. */
export interface RankUpdateBuffers {
  w: GPUBuffer;
  u: GPUBuffer;
  v: GPUBuffer;
}

/**
 * Adds or subtracts a matrix of low rank in place: W ± Uᵀ V (METHODS 4.6: Ŵ = W + Λ (C⁻¹k*)ᵀ, where the rank is 1).
 *
 * Accumulation: the `rank` products are summed in float32, then added to W once. Adding and then subtracting gives W back
 * up to one rounding of the larger of the two, not bit for bit: for that keep W.
 */
export async function rankUpdate(
  gpu: Gpu,
  { w, u, v }: RankUpdateBuffers,
  { inputs, outputs, rank, layout, sign }: RankUpdateShape,
  tile = 16,
): Promise<void> {
  const pipeline = await gpu.pipeline({ name: "rankUpdate", code, constants: { TILE: tile } });
  const outIsRow = layout === "[outputs, inputs]"; // (Uᵀ V)ᵀ = Vᵀ U
  const [rows, columns] = outIsRow ? [outputs, inputs] : [inputs, outputs];
  const shape = new Uint32Array([rows, columns, rank, 0]);
  new Float32Array(shape.buffer)[3] = sign === "+" ? 1 : -1;
  const factors = outIsRow ? [v, u] : [u, v];
  const workgroups: [number, number] = [Math.ceil(columns / tile), Math.ceil(rows / tile)];
  gpu.withUniforms("rankUpdate.shape", [shape], ([uniform]) => {
    gpu.run("rankUpdate", [{ pipeline, buffers: [uniform, ...factors, w], workgroups }]);
  });
}
