import { BlockBuffers } from "../device/BlockBuffers.ts";
import type { Gpu } from "../device/Gpu.ts";

/** Numbers [n, columns], row-major, of which those of some columns go to the GPU. */
export interface SideNumbers {
  data: Float32Array | Float64Array;
  n: number;
  columns: number;
  /** The first column and the one after the last. */
  range: [begin: number, end: number];
}

/**
 * Right-hand sides on the GPU, a block [rows, side] of unknowns after the other: entry [k, i] of block j is unknown
 * j · side + i of right-hand side k. Zero past n and past the last right-hand side. Double ones are sums of two floats,
 * each block [2, rows, side]: first the high parts, then the low ones.
 */
export class RightSides {
  readonly blocks: BlockBuffers;
  /** Right-hand sides, a multiple of 4. */
  readonly rows: number;
  readonly side: number;
  readonly #double: boolean;

  constructor(gpu: Gpu, label: string, { n, columns, side, double = false }: SidesShape) {
    this.rows = Math.ceil(columns / 4) * 4;
    this.side = side;
    this.#double = double;
    const bytes = this.rows * side * 4 * (double ? 2 : 1);
    this.blocks = new BlockBuffers(gpu, label, { count: Math.ceil(n / side), bytes });
  }

  /** Overwrites all of them with the columns in `range`, times `factor`. */
  write({ data, n, columns, range: [begin, end] }: SideNumbers, factor = 1): void {
    const { side, rows, blocks } = this;
    const block = new Float32Array(blocks.bytes / 4);
    for (let j = 0; j < blocks.count; j++) {
      block.fill(0);
      const height = Math.min(side, n - j * side);
      for (let i = 0; i < height; i++) {
        const from = (j * side + i) * columns;
        for (let k = begin; k < end; k++) {
          const value = factor * data[from + k];
          const at = (k - begin) * side + i;
          block[at] = value;
          if (this.#double) block[rows * side + at] = value - block[at];
        }
      }
      blocks.write(j, block);
    }
  }

  /** Reads them into the columns in `range` of `data`. */
  async read({ data, n, columns, range: [begin, end] }: SideNumbers): Promise<void> {
    const { side, rows, blocks } = this;
    for (let j = 0; j < blocks.count; j++) {
      const block = await blocks.read(j);
      const height = Math.min(side, n - j * side);
      for (let i = 0; i < height; i++) {
        const to = (j * side + i) * columns;
        for (let k = begin; k < end; k++) {
          const at = (k - begin) * side + i;
          data[to + k] = this.#double ? block[at] + block[rows * side + at] : block[at];
        }
      }
    }
  }

  dispose(): void {
    this.blocks.dispose();
  }
}

/** How many unknowns and right-hand sides there are, and how they are cut. */
export interface SidesShape {
  n: number;
  columns: number;
  side: number;
  double?: boolean;
}

/** Right-hand sides that are solved together at most, so that one block of them, in two floats, can be bound. */
export function mostSides(gpu: Pick<Gpu, "bindingLimit">, side: number): number {
  const fit = Math.floor(gpu.bindingLimit / (2 * 4 * side) / 64) * 64;
  return Math.max(4, Math.min(1024, fit));
}
