import { notPositiveDefinite } from "./cholesky.reference.ts";
import code from "./cholesky.wgsl?raw";
import type { Dispatch, Gpu } from "./Gpu.ts";

/** Blocks of columns per submission, so that no submission of a large matrix reaches a watchdog's two seconds. */
const blocksPerSubmission = 16;

/**
 * Factorises a symmetric positive definite matrix in place, A = L Lᵀ.
 *
 * a [n, n] row-major float32; only the lower triangle is read and overwritten with L, what lies above stays. Accumulation:
 * right-looking in blocks of `tile` columns, each subtracting `tile` products summed in float32. The error of L Lᵀ is
 * about √n float32 roundings; `refine` makes a solve as good as float64. Throws with the pivot when A is not positive
 * definite (in float32); the buffer then holds nothing of use.
 */
export async function cholesky(gpu: Gpu, a: GPUBuffer, n: number, tile = 16): Promise<void> {
  const blocks = Math.ceil(n / tile);
  const steps = Array.from({ length: blocks }, (_, i) => new Uint32Array([n, i * tile]));
  const kernels = await pipelines(gpu, tile);
  const failure = gpu.buffer("cholesky.failure", 8);
  try {
    gpu.withUniforms("cholesky.step", steps, (bindings) => {
      const columns = bindings.map((step, i) =>
        blockColumn(kernels, { step, a, failure }, blocks - 1 - i),
      );
      for (let first = 0; first < blocks; first += blocksPerSubmission)
        gpu.run("cholesky", columns.slice(first, first + blocksPerSubmission).flat());
    });
    await throwOnFailure(gpu, failure);
  } finally {
    gpu.destroy(failure);
  }
}

async function pipelines(gpu: Gpu, tile: number) {
  const compile = (entryPoint: string) =>
    gpu.pipeline({ name: "cholesky", code, entryPoint, constants: { TILE: tile } });
  const [factor, panel, trailing] = await Promise.all(["factor", "panel", "trailing"].map(compile));
  return { factor, panel, trailing };
}

/** The three dispatches of one block of columns with `below` tiles under its diagonal block. */
function blockColumn(
  { factor, panel, trailing }: Awaited<ReturnType<typeof pipelines>>,
  { step, a, failure }: { step: GPUBufferBinding; a: GPUBuffer; failure: GPUBuffer },
  below: number,
): Dispatch[] {
  return [
    { pipeline: factor, buffers: [step, a, failure], workgroups: [1] },
    { pipeline: panel, buffers: [step, a], workgroups: [below] },
    { pipeline: trailing, buffers: [step, a], workgroups: [below, below] },
  ];
}

async function throwOnFailure(gpu: Gpu, failure: GPUBuffer): Promise<void> {
  const pivot = await gpu.download(failure);
  const index = new Uint32Array(pivot.buffer)[0];
  if (index > 0) throw new Error(notPositiveDefinite(index - 1, pivot[1]));
}
