import type { Gpu } from "./Gpu.ts";

/** A block: `slot` blocks of its size from the beginning of a buffer. */
export interface BlockPlace {
  buffer: GPUBuffer;
  slot: number;
}

/**
 * Blocks of one size on the GPU, float32, over as many buffers as its limits ask for; zero at first. `dispose` it.
 *
 * Throws where the device cannot bind even one of them.
 */
export class BlockBuffers {
  readonly count: number;
  /** Bytes of one block. */
  readonly bytes: number;
  readonly #gpu: Gpu;
  readonly #perBuffer: number;
  readonly #buffers: GPUBuffer[] = [];

  constructor(gpu: Gpu, label: string, { count, bytes }: { count: number; bytes: number }) {
    this.#gpu = gpu;
    this.count = count;
    this.bytes = bytes;
    this.#perBuffer = Math.max(1, Math.floor(gpu.bindingLimit / bytes));
    try {
      for (let first = 0; first < count; first += this.#perBuffer) {
        const blocks = Math.min(this.#perBuffer, count - first);
        this.#buffers.push(gpu.buffer(`${label}.${this.#buffers.length}`, blocks * bytes));
      }
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Where block i lies. */
  place(i: number): BlockPlace {
    const buffer = this.#buffers[Math.floor(i / this.#perBuffer)];
    return { buffer, slot: i % this.#perBuffer };
  }

  /** Overwrites block i, or the beginning of it from `offset` bytes on. */
  write(i: number, data: Float32Array, offset = 0): void {
    const { buffer, slot } = this.place(i);
    this.#gpu.write(buffer, data, slot * this.bytes + offset);
  }

  /** Reads block i. */
  read(i: number): Promise<Float32Array<ArrayBuffer>> {
    const { buffer, slot } = this.place(i);
    return this.#gpu.download(buffer, this.bytes / 4, slot * this.bytes);
  }

  /** Frees the buffers. */
  dispose(): void {
    this.#gpu.destroy(...this.#buffers.splice(0));
  }
}

/** Copies blocks of `bytes` from place to place, in one submission. */
export function copyBlocks(gpu: Gpu, pairs: [from: BlockPlace, to: BlockPlace][], bytes: number) {
  const encoder = gpu.device.createCommandEncoder({ label: "copyBlocks" });
  for (const [from, to] of pairs)
    encoder.copyBufferToBuffer(from.buffer, from.slot * bytes, to.buffer, to.slot * bytes, bytes);
  gpu.device.queue.submit([encoder.finish()]);
}
