import { copyBlocks } from "../device/BlockBuffers.ts";
import type { DeviceTiles } from "../covariance/DeviceTiles.ts";
import type { RightSides } from "./RightSides.ts";
import { tileIndex } from "../covariance/SymmetricTiles.ts";
import { tileProducts, type ProductShape, type TileProduct } from "../products/tileProducts.ts";
import type { Triangle } from "./triangularSolve.reference.ts";
import code from "./triangularSolve.wgsl?raw";

/**
 * Solves L x = b or Lᵀ x = b in place for many right-hand sides, where L is what `cholesky` made of the tiles.
 *
 * Block by block of `side` unknowns, from the first for L and from the last for Lᵀ: x₁ = L₁₁⁻¹ b₁ by the inverse that
 * the diagonal tile holds, then b₂ -= L₂₁ x₁. Accumulation: `side` products are summed in float32 before each subtraction.
 */
export async function triangularSolve(
  triangle: Triangle,
  l: DeviceTiles,
  { blocks, rows }: RightSides,
): Promise<void> {
  const { gpu, side, across, tileBytes } = l;
  const forwards = triangle === "L";
  const shape = { rows, width: side, depth: side };
  const buffers: GPUBuffer[] = [];
  try {
    buffers.push(gpu.buffer("triangularSolve.inverse", tileBytes));
    buffers.push(gpu.buffer("triangularSolve.solved", blocks.bytes));
    const [inverse, x] = buffers.map((buffer) => ({ buffer, slot: 0 }));
    for (let i = 0; i < across; i++) {
      const k = forwards ? i : across - 1 - i;
      await readInverse(l, k, inverse.buffer);
      const first = { a: blocks.place(k), b: inverse, c: x };
      // x [rows, side] = b L⁻ᵀ for L, and b L⁻¹ for Lᵀ
      await tileProducts(gpu, [first], { ...shape, ...times(!forwards), into: "C = AB" });
      copyBlocks(gpu, [[x, blocks.place(k)]], blocks.bytes);
      const rest = Array.from({ length: across - 1 - i }, (_, j): TileProduct => {
        const other = forwards ? k + 1 + j : j;
        const tile = tileIndex(Math.max(k, other), Math.min(k, other));
        return { a: x, b: l.place(tile), c: blocks.place(other) };
      });
      await tileProducts(gpu, rest, { ...shape, transposed: forwards, into: "C -= AB" });
    }
  } finally {
    gpu.destroy(...buffers);
  }
}

const times = (transposed: boolean): Pick<ProductShape, "transposed" | "upper"> => ({
  transposed,
  upper: !transposed,
});

/** L⁻ᵀ of diagonal tile k. */
async function readInverse(l: DeviceTiles, k: number, inverse: GPUBuffer): Promise<void> {
  const { gpu, side } = l;
  const { buffer, offset, size } = l.place(tileIndex(k, k));
  const pipeline = await gpu.pipeline({
    name: "triangularSolve",
    code,
    constants: { SIDE: side },
  });
  const buffers = [{ buffer, offset, size }, inverse];
  gpu.run("triangularSolve", [{ pipeline, buffers, workgroups: [side / 16, side] }]);
}

/** Solves L Lᵀ x = b in place. */
export async function choleskySolve(l: DeviceTiles, b: RightSides): Promise<void> {
  await triangularSolve("L", l, b);
  await triangularSolve("Lᵀ", l, b);
}
