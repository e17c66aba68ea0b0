import type { Gpu } from "../device/Gpu.ts";
import { SIDE, tileCount } from "./SymmetricTiles.ts";

/** Where one tile lies: in `buffers[index]`, `slot` tiles from its beginning, that is at `offset` bytes. */
export interface TilePlace {
  buffer: GPUBuffer;
  index: number;
  slot: number;
  offset: number;
  size: number;
}

/**
 * The lower half of a symmetric matrix [n, n] on the GPU: the tiles of a `SymmetricTiles`, float32, in its order.
 *
 * They lie one after the other in as few buffers as the device's limits allow, `perBuffer` whole tiles in each but the
 * last; so a matrix of 16384² (0.51 GiB as tiles) is five buffers on a device that binds 128 MiB. All of it is zero at
 * first. `dispose` it.
 */
export class DeviceTiles {
  readonly gpu: Gpu;
  readonly n: number;
  readonly side: number;
  /** Tiles along an edge. */
  readonly across: number;
  readonly perBuffer: number;
  readonly buffers: readonly GPUBuffer[];

  /** Throws where the device cannot bind even one tile of the side that is asked for, or has no memory for them. */
  constructor(
    gpu: Gpu,
    n: number,
    {
      side = sideFor(gpu),
      label = "deviceTiles",
    }: { side?: number | undefined; label?: string } = {},
  ) {
    this.gpu = gpu;
    this.n = n;
    this.side = side;
    this.across = Math.ceil(n / side);
    const count = tileCount(n, side);
    this.perBuffer = Math.min(count, Math.max(1, Math.floor(gpu.bindingLimit / this.tileBytes)));
    const starts = Array.from(
      { length: Math.ceil(count / this.perBuffer) },
      (_, i) => i * this.perBuffer,
    );
    this.buffers = allOrNone(gpu, starts, (first) => {
      const tiles = Math.min(this.perBuffer, count - first);
      return gpu.buffer(`${label}.${first / this.perBuffer}`, tiles * this.tileBytes);
    });
  }

  /** How many tiles there are. */
  get count(): number {
    return tileCount(this.n, this.side);
  }

  /** Bytes of one tile [side, side]. */
  get tileBytes(): number {
    return this.side * this.side * 4;
  }

  /** Bytes on the GPU. */
  get bytes(): number {
    return this.count * this.tileBytes;
  }

  /** Where the tile `tileIndex(row, column)` lies. */
  place(tile: number): TilePlace {
    const index = Math.floor(tile / this.perBuffer);
    const slot = tile % this.perBuffer;
    const size = this.tileBytes;
    return { buffer: this.buffers[index], index, slot, offset: slot * size, size };
  }

  /** Overwrites a tile with [side, side] floats, row-major. */
  upload(tile: number, data: Float32Array): void {
    if (data.byteLength !== this.tileBytes)
      throw new Error(
        `invalid tile: ${data.length} numbers (expected ${this.side} × ${this.side})`,
      );
    const { buffer, offset } = this.place(tile);
    this.gpu.write(buffer, data, offset);
  }

  /** Reads a tile [side, side] back. */
  download(tile: number): Promise<Float32Array<ArrayBuffer>> {
    const { buffer, offset, size } = this.place(tile);
    return this.gpu.download(buffer, size / 4, offset);
  }

  /** Reads `count` tiles that lie in one buffer, from `tile` on, and makes them zero. */
  take(tile: number, count: number): Promise<Float32Array<ArrayBuffer>> {
    const { buffer, offset, size } = this.place(tile);
    const reading = this.gpu.download(buffer, (size / 4) * count, offset);
    const encoder = this.gpu.device.createCommandEncoder({ label: "deviceTiles.take" });
    encoder.clearBuffer(buffer, offset, size * count);
    this.gpu.device.queue.submit([encoder.finish()]); // after the copy, which `download` has submitted
    return reading;
  }

  /** Makes the matrix zero. */
  clear(): void {
    const encoder = this.gpu.device.createCommandEncoder({ label: "deviceTiles.clear" });
    for (const buffer of this.buffers) encoder.clearBuffer(buffer);
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  /** Frees the buffers. */
  dispose(): void {
    this.gpu.destroy(...this.buffers);
  }
}

/** The usual side, or where the device cannot bind such a tile the largest power of two that it can. */
export function sideFor(gpu: Pick<Gpu, "fits">): number {
  let side = SIDE;
  while (side > 4 && !gpu.fits(side * side * 4)) side /= 2;
  return side;
}

/** Makes a buffer for each; where one of them fails the ones before it are destroyed. */
function allOrNone<T>(gpu: Gpu, items: T[], make: (item: T) => GPUBuffer): GPUBuffer[] {
  const made: GPUBuffer[] = [];
  try {
    for (const item of items) made.push(make(item));
    return made;
  } catch (error) {
    gpu.destroy(...made);
    throw error;
  }
}
