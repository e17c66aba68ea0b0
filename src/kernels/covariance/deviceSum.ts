import { BlockBuffers } from "../device/BlockBuffers.ts";
import { WIDTH } from "../solve/cholesky.ts";
import { DeviceTiles, sideFor } from "./DeviceTiles.ts";
import type { Gpu } from "../device/Gpu.ts";
import { type SymmetricTiles, tileIndex } from "./SymmetricTiles.ts";
import type { Keys, SymmetricSum } from "./symmetricSum.ts";
import { tileProducts } from "../products/tileProducts.ts";

/** Keys whose products are added together at most. */
export const mostKeys = 256;

/** The side of C's tiles on the GPU: its own where the device and the kernels can do with it and C fills it. */
export function deviceSide(
  gpu: Pick<Gpu, "fits">,
  { n, side }: Pick<SymmetricTiles, "n" | "side">,
): number {
  const usual = side % WIDTH === 0 && gpu.fits(side * side * 4) ? side : sideFor(gpu);
  return Math.min(usual, Math.ceil(n / 32) * 32);
}

/** Which tile, and how large. */
export interface TileAt {
  row: number;
  column: number;
  side: number;
}

/** The tile [side, side] at (row, column) of C, whatever the side of its own tiles; both halves of one on the diagonal. */
export function deviceTile(c: SymmetricTiles, { row, column, side }: TileAt): Float32Array {
  if (side === c.side && row > column) return c.tiles[tileIndex(row, column)];
  const tile = new Float32Array(side * side);
  const [top, left] = [row * side, column * side];
  for (let i = 0; i < Math.min(side, c.n - top); i++) {
    for (let j = 0; j < Math.min(side, c.n - left); j++)
      tile[i * side + j] = c.at(top + i, left + j);
  }
  return tile;
}

/** A = scale · C + ridge · I + K Kᵀ on the GPU, rounded to float32 there. `dispose` it. */
export async function uploadSum(gpu: Gpu, sum: SymmetricSum, side: number): Promise<DeviceTiles> {
  const tiles = new DeviceTiles(gpu, sum.c.n, { side, label: "factor.l" });
  try {
    for (let row = 0; row < tiles.across; row++) {
      for (let column = 0; column <= row; column++)
        tiles.upload(tileIndex(row, column), scaledTile(sum, { row, column, side }));
    }
    if (sum.keys) await addKeys(tiles, sum.keys);
    return tiles;
  } catch (error) {
    tiles.dispose();
    throw error;
  }
}

function scaledTile(
  { c, scale, ridge }: SymmetricSum,
  at: { row: number; column: number; side: number },
): Float32Array {
  const { row, column, side } = at;
  const scaled = deviceTile(c, at).map((x) => scale * x);
  if (row === column && ridge !== 0) {
    const original = deviceTile(c, at);
    for (let i = 0; i < side; i++) scaled[i * side + i] = scale * original[i * side + i] + ridge;
  }
  return scaled;
}

/** A += K Kᵀ on its tiles. */
async function addKeys(tiles: DeviceTiles, { data, count }: Keys): Promise<void> {
  const { gpu, n, side, across } = tiles;
  for (let first = 0; first < count; first += mostKeys) {
    const some = Math.min(mostKeys, count - first);
    const depth = Math.ceil(some / 4) * 4;
    const shape = { count: across, bytes: side * depth * 4 };
    const keys = new BlockBuffers(gpu, "factor.keys", shape);
    try {
      for (let j = 0; j < across; j++) {
        const block = new Float32Array(side * depth);
        for (let i = 0; i < Math.min(side, n - j * side); i++) {
          const from = (j * side + i) * count + first;
          block.set(data.subarray(from, from + some), i * depth);
        }
        keys.write(j, block);
      }
      await addProducts(tiles, keys, depth);
    } finally {
      keys.dispose();
    }
  }
}

async function addProducts(tiles: DeviceTiles, keys: BlockBuffers, depth: number): Promise<void> {
  const { gpu, side, across } = tiles;
  const products = Array.from({ length: across }, (_, row) =>
    Array.from({ length: row + 1 }, (_, column) => ({
      a: keys.place(row),
      b: keys.place(column),
      c: tiles.place(tileIndex(row, column)),
      lower: row === column,
    })),
  ).flat();
  const shape = { rows: side, width: side, depth, transposed: true };
  await tileProducts(gpu, products, { ...shape, into: "C += AB" });
}
