import { BlockBuffers, copyBlocks } from "../device/BlockBuffers.ts";
import type { BadPivot } from "./cholesky.reference.ts";
import code from "./cholesky.wgsl?raw";
import type { DeviceTiles } from "../covariance/DeviceTiles.ts";
import type { Dispatch, Gpu } from "../device/Gpu.ts";
import { tileIndex } from "../covariance/SymmetricTiles.ts";
import { tileProducts } from "../products/tileProducts.ts";

/** Columns of a tile that are factorised together; the side of a tile is a multiple of it. */
export const WIDTH = 16;

/** What one factorisation works with: a panel of tiles, and the factor of a diagonal tile with its inverse. */
interface Workspace {
  gpu: Gpu;
  tiles: DeviceTiles;
  /** The tiles of L below the diagonal one, block by block. */
  panel: BlockBuffers;
  /** [2 · side, side]: block 0 is L of the diagonal tile, block 1 its L⁻ᵀ. */
  work: GPUBuffer;
  inverse: GPUBuffer;
  failure: GPUBuffer;
}

/**
 * Factorises a symmetric positive definite matrix in place on its tiles, A = L Lᵀ, float32.
 *
 * Only the lower triangle is read; the tiles then hold L, those on the diagonal L⁻ᵀ above their diagonal (whose own
 * diagonal is 1 / L's) for `choleskySolve`, and past n the identity. Right-looking, a column of tiles at a time: the
 * diagonal tile in blocks of 16 columns, the tiles below it times its L⁻ᵀ, then A₂₂ -= L₂₁ L₂₁ᵀ. Accumulation: `side`
 * products are summed in float32 before each subtraction; the error of L Lᵀ is about √n float32 roundings, and `refine`
 * makes a solve as good as float64. Returns the first pivot that is not positive, if any; the tiles then hold nothing of
 * use. Throws where the side is not a multiple of 16.
 */
export async function cholesky(tiles: DeviceTiles): Promise<BadPivot | undefined> {
  const { gpu, side, across } = tiles;
  if (side % WIDTH !== 0) throw new Error(`invalid side: ${side} (a multiple of ${WIDTH})`);
  const bytes = tiles.tileBytes;
  const panel = new BlockBuffers(gpu, "cholesky.panel", { count: Math.max(1, across - 1), bytes });
  const buffers: GPUBuffer[] = [];
  const buffer = (name: string, size: number) => {
    const made = gpu.buffer(`cholesky.${name}`, size);
    buffers.push(made);
    return made;
  };
  try {
    const [work, inverse] = [buffer("work", 2 * bytes), buffer("inverse", WIDTH * WIDTH * 4)];
    const space = { gpu, tiles, panel, work, inverse, failure: buffer("failure", 8) };
    const kernels = await pipelines(gpu, side);
    for (let k = 0; k < across; k++) {
      factorTile(space, kernels, k);
      await factorBelow(space, k);
    }
    return await badPivot(gpu, space.failure);
  } finally {
    gpu.destroy(...buffers);
    panel.dispose();
  }
}

type Kernels = Awaited<ReturnType<typeof pipelines>>;

async function pipelines(gpu: Gpu, side: number) {
  const compile = (entryPoint: string) =>
    gpu.pipeline({ name: "cholesky", code, entryPoint, constants: { SIDE: side } });
  const [open, factor, panel, trailing, close] = await Promise.all(
    ["open", "factor", "panel", "trailing", "close"].map(compile),
  );
  return { open, factor, panel, trailing, close };
}

/** The factor of diagonal tile k and its inverse, into `work` and back into the tile. */
function factorTile(space: Workspace, kernels: Kernels, k: number): void {
  const { gpu, tiles, work, inverse, failure } = space;
  const { n, side } = tiles;
  const { buffer, offset, size } = tiles.place(tileIndex(k, k));
  const tile = { buffer, offset, size };
  const blocks = side / WIDTH;
  const steps = Array.from({ length: blocks }, (_, i) => Uint32Array.of(i * WIDTH, k * side, n));
  gpu.withUniforms("cholesky.step", steps, (bindings) => {
    const { open, factor, panel, trailing, close } = kernels;
    const columns = bindings.flatMap((step, i): Dispatch[] => [
      { pipeline: factor, buffers: [work, step, inverse, failure], workgroups: [1] },
      { pipeline: panel, buffers: [work, step, inverse], workgroups: [blocks] },
      {
        pipeline: trailing,
        buffers: [work, step],
        workgroups: [blocks - 1 - i, Math.ceil(side / 64)],
      },
    ]);
    gpu.run("cholesky", [
      {
        pipeline: open,
        buffers: [work, bindings[0], tile],
        workgroups: [Math.ceil(side / 64), 2 * side],
      },
      ...columns,
      { pipeline: close, buffers: [work, tile], workgroups: [blocks, side] },
    ]);
  });
}

/** The tiles below diagonal tile k, then what is right of them. */
async function factorBelow({ gpu, tiles, panel, work }: Workspace, k: number): Promise<void> {
  const { side, across, tileBytes } = tiles;
  const below = Array.from({ length: across - k - 1 }, (_, i) => k + 1 + i);
  const place = (row: number, column: number) => tiles.place(tileIndex(row, column));
  const inverse = { buffer: work, slot: 1 };
  const square = { rows: side, width: side, depth: side };
  await tileProducts(
    gpu,
    below.map((row, i) => ({ a: place(row, k), b: inverse, c: panel.place(i) })),
    { ...square, transposed: false, upper: true, into: "C = AB" },
  );
  copyBlocks(
    gpu,
    below.map((row, i) => [panel.place(i), place(row, k)]),
    tileBytes,
  );
  const trailing = below.flatMap((row, i) =>
    below.slice(0, i + 1).map((column, j) => ({
      a: panel.place(i),
      b: panel.place(j),
      c: place(row, column),
      lower: i === j,
    })),
  );
  await tileProducts(gpu, trailing, { ...square, transposed: true, into: "C -= AB" });
}

async function badPivot(gpu: Gpu, failure: GPUBuffer): Promise<BadPivot | undefined> {
  const found = await gpu.download(failure);
  const index = new Uint32Array(found.buffer)[0];
  return index > 0 ? { index: index - 1, pivot: found[1] } : undefined;
}
