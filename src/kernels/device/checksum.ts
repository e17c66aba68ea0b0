import code from "./checksum.wgsl?raw";
import type { Gpu } from "./Gpu.ts";

/** Workgroups of 64: enough to keep a device busy, few enough for one atomic addition a thread. */
const MOST_GROUPS = 256;

/** The beginning of a buffer. The bytes that fill up its last word must be zero. */
export interface Extent {
  buffer: GPUBuffer;
  bytes: number;
}

/**
 * The checksums (checksum.reference.ts) of buffers' beginnings, computed on the device in one go: of what arrived there,
 * not of what was sent.
 */
export async function checksums(gpu: Gpu, extents: readonly Extent[]): Promise<Uint32Array> {
  if (extents.length === 0) return new Uint32Array(0);
  const pipeline = await gpu.pipeline({ name: "checksum", code });
  const sums = gpu.buffer("checksum.sums", 4 * extents.length);
  try {
    const words = extents.map(({ bytes }) => Math.ceil(bytes / 4));
    const places = words.map((count, slot) => Uint32Array.of(count, slot, 0, 0));
    gpu.withUniforms("checksum.at", places, (at) => {
      const dispatches = extents.map(({ buffer }, i) => ({
        pipeline,
        buffers: [{ buffer, size: 4 * words[i] }, sums, at[i]],
        workgroups: [Math.min(MOST_GROUPS, Math.ceil(words[i] / 64))] as [number],
      }));
      gpu.run("checksum", dispatches);
    });
    return new Uint32Array((await gpu.download(sums)).buffer);
  } finally {
    gpu.destroy(sums);
  }
}
