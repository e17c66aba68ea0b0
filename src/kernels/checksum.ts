import code from "./checksum.wgsl?raw";
import type { Gpu } from "./Gpu.ts";

/** Workgroups of 256: enough for any device, and each then takes several words. */
const MOST_GROUPS = 1024;

/**
 * The checksum of the first `bytes` of a buffer, computed on the device (checksum.reference.ts): what arrived there, not
 * what was sent. The bytes that fill up the last word must be zero.
 */
export async function checksum(gpu: Gpu, buffer: GPUBuffer, bytes: number): Promise<number> {
  const words = Math.ceil(bytes / 4);
  const pipeline = await gpu.pipeline({ name: "checksum", code });
  const sum = gpu.buffer("checksum.sum", 4);
  try {
    gpu.withUniforms("checksum.count", [Uint32Array.of(words, 0, 0, 0)], ([count]) => {
      const groups = Math.min(MOST_GROUPS, Math.ceil(words / 256));
      const buffers = [{ buffer, size: 4 * words }, sum, count];
      gpu.run("checksum", [{ pipeline, buffers, workgroups: [groups] }]);
    });
    const result = await gpu.download(sum);
    return new Uint32Array(result.buffer)[0];
  } finally {
    gpu.destroy(sum);
  }
}
