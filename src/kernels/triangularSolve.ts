import type { Dispatch, Gpu } from "./Gpu.ts";
import type { Triangle } from "./triangularSolve.reference.ts";
import code from "./triangularSolve.wgsl?raw";

/** Blocks of unknowns per submission, so that no submission of a large system reaches a watchdog's two seconds. */
const blocksPerSubmission = 32;

/** l [n, n] lower triangular; b [n, columns], overwritten by the solution; row-major float32. */
export interface TriangularSystem {
  l: GPUBuffer;
  b: GPUBuffer;
  n: number;
  columns: number;
  tile?: number;
}

/**
 * Solves L x = b or Lᵀ x = b in place for many right-hand sides.
 *
 * Only the lower triangle of l is read. Accumulation: in blocks of `tile` unknowns, each subtracting `tile` products
 * summed in float32. A zero on the diagonal gives infinities, as in LAPACK's trsm.
 */
export async function triangularSolve(
  gpu: Gpu,
  triangle: Triangle,
  { l, b, n, columns, tile = 16 }: TriangularSystem,
): Promise<void> {
  const transposed = triangle === "Lᵀ";
  const constants = { TILE: tile, TRANSPOSED: Number(transposed) };
  const [diagonal, remaining] = await Promise.all(
    ["diagonal", "remaining"].map((entryPoint) =>
      gpu.pipeline({ name: "triangularSolve", code, entryPoint, constants }),
    ),
  );
  const blocks = Math.ceil(n / tile);
  const order = Array.from({ length: blocks }, (_, i) => (transposed ? blocks - 1 - i : i));
  const steps = order.map((block) => new Uint32Array([n, columns, block * tile]));
  const across = Math.ceil(columns / tile);
  gpu.withUniforms("triangularSolve.step", steps, (bindings) => {
    const dispatches = bindings.map((step, i): Dispatch[] => [
      { pipeline: diagonal, buffers: [step, l, b], workgroups: [across] },
      { pipeline: remaining, buffers: [step, l, b], workgroups: [across, blocks - 1 - i] },
    ]);
    for (let first = 0; first < blocks; first += blocksPerSubmission)
      gpu.run("triangularSolve", dispatches.slice(first, first + blocksPerSubmission).flat());
  });
}

/** Solves L Lᵀ x = b in place; the buffers are those of `triangularSolve`, l from `cholesky`. */
export async function choleskySolve(gpu: Gpu, system: TriangularSystem): Promise<void> {
  await triangularSolve(gpu, "L", system);
  await triangularSolve(gpu, "Lᵀ", system);
}
