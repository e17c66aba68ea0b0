import { BlockBuffers } from "../device/BlockBuffers.ts";
import { deviceTile } from "../covariance/deviceSum.ts";
import type { Gpu } from "../device/Gpu.ts";
import type { Columns } from "./residual.reference.ts";
import code from "./residual.wgsl?raw";
import { mostSides, RightSides } from "./RightSides.ts";
import type { Keys, SymmetricSum } from "../covariance/symmetricSum.ts";
import {
  productShader,
  runProducts,
  type ProductShape,
  type TileProduct,
} from "../products/tileProducts.ts";

/** Tiles of C that are on the GPU at a time at most: 16 MiB of the usual ones. */
export const mostTiles = 64;
/** Keys that are multiplied together at most. */
const mostKeys = 256;

/** Plain multiplications that one in double-float takes as long as. */
const doubleCost = 25;

/** What the steps of one residual share. */
interface Work {
  gpu: Gpu;
  side: number;
  across: number;
  sum: SymmetricSum;
  /** A x in two floats. */
  y: RightSides;
}

/**
 * r = b - A x [n, columns] on the GPU, A = scale · C + ridge · I + K Kᵀ, in double-float: every number is a sum of two
 * floats, and the tiles of C are streamed as they are, so that A is never rounded.
 *
 * b and x are float64 on the host; x keeps 48 bits of 53. Accumulation: sums of two floats with Knuth's and Dekker's
 * error-free transformations, an error of about 2⁻⁴⁶ of Σ |a| |x|.
 */
export async function residual(
  gpu: Gpu,
  sum: SymmetricSum,
  { b, x, columns, side }: Columns & { side: number },
): Promise<Float64Array> {
  const { n } = sum.c;
  const product = new Float64Array(n * columns);
  const scales = columnScales(x, columns);
  const scaled = x.map((value, i) => value / scales[i % columns]);
  const most = mostSides(gpu, side);
  for (let begin = 0; begin < columns; begin += most) {
    const range: [number, number] = [begin, Math.min(columns, begin + most)];
    await multiply(gpu, sum, { x: scaled, columns, side, range, product });
  }
  return product.map((value, i) => b[i] - value * scales[i % columns] - sum.ridge * x[i]);
}

/** The largest power of two not above the largest |x| of each column: dividing by it is exact, and keeps floats in range. */
function columnScales(x: Float64Array, columns: number): Float64Array {
  const largest = new Float64Array(columns);
  for (let i = 0; i < x.length; i++)
    largest[i % columns] = Math.max(largest[i % columns], Math.abs(x[i]));
  return largest.map((value) => (value > 0 ? 2 ** Math.floor(Math.log2(value)) : 1));
}

interface Multiplied {
  x: Float64Array;
  columns: number;
  side: number;
  range: [begin: number, end: number];
  product: Float64Array;
}

/** scale · C x + K Kᵀ x into `product`, for the columns in `range`. */
async function multiply(gpu: Gpu, sum: SymmetricSum, request: Multiplied): Promise<void> {
  const { x: data, columns, side, range, product } = request;
  const { n } = sum.c;
  const shape = { n, columns: range[1] - range[0], side, double: true };
  const made: RightSides[] = [];
  const make = (label: string) => {
    made.push(new RightSides(gpu, label, shape));
    return made[made.length - 1];
  };
  try {
    const [x, y] = [make("residual.x"), make("residual.y")];
    const work = { gpu, side, across: Math.ceil(n / side), sum, y };
    x.write({ data, n, columns, range }, sum.scale);
    await addTiles(work, x);
    if (sum.keys) {
      x.write({ data, n, columns, range });
      await addKeys(work, x, sum.keys);
    }
    await y.read({ data: product, n, columns, range });
  } finally {
    for (const sides of made) sides.dispose();
  }
}

/** y += C x, a diagonal of tiles at a time: no two of them, and no two of their transposes, meet in a block of y. */
async function addTiles({ gpu, side, across, sum, y }: Work, x: RightSides): Promise<void> {
  const bytes = side * side * 4;
  const count = Math.max(1, Math.min(mostTiles, across, Math.floor(gpu.bindingLimit / bytes)));
  const tiles = new BlockBuffers(gpu, "residual.tiles", { count, bytes });
  const shape = { rows: x.rows, width: side, depth: side };
  try {
    for (let below = 0; below < across; below++) {
      for (let first = below; first < across; first += count) {
        const rows = range(first, Math.min(across, first + count));
        rows.forEach((row, i) =>
          tiles.write(i, deviceTile(sum.c, { row, column: row - below, side })),
        );
        const product = (from: number, to: number, i: number): TileProduct => ({
          a: x.blocks.place(from),
          b: tiles.place(i),
          c: y.blocks.place(to),
        });
        const lower = rows.map((row, i) => product(row - below, row, i));
        await doubleProducts(gpu, lower, { ...shape, transposed: true });
        if (below === 0) continue;
        const upper = rows.map((row, i) => product(row, row - below, i));
        await doubleProducts(gpu, upper, { ...shape, transposed: false });
      }
    }
  } finally {
    tiles.dispose();
  }
}

/** y += K (Kᵀ x), with every number of K as the sum of two floats. */
async function addKeys(work: Work, x: RightSides, keys: Keys): Promise<void> {
  for (let first = 0; first < keys.count; first += mostKeys)
    await addSomeKeys(work, x, { keys, range: [first, Math.min(keys.count, first + mostKeys)] });
}

interface SomeKeys {
  keys: Keys;
  range: [begin: number, end: number];
}

async function addSomeKeys(work: Work, x: RightSides, { keys, range }: SomeKeys): Promise<void> {
  const { gpu, side, across, sum, y } = work;
  const width = Math.ceil((range[1] - range[0]) / 16) * 16;
  const size = { count: across, bytes: side * width * 4 };
  const made: BlockBuffers[] = [];
  const make = (label: string, shape: { count: number; bytes: number }) => {
    made.push(new BlockBuffers(gpu, label, shape));
    return made[made.length - 1];
  };
  try {
    const z = make("residual.z", { count: 1, bytes: 2 * x.rows * width * 4 }); // Kᵀ x
    const halves = [make("residual.high", size), make("residual.low", size)];
    writeKeys(halves, keys, { n: sum.c.n, side, width, range });
    const inner = { rows: x.rows, width, depth: side, transposed: false };
    for (let j = 0; j < across; j++) {
      for (const half of halves) {
        const product = { a: x.blocks.place(j), b: half.place(j), c: z.place(0) };
        await doubleProducts(gpu, [product], inner);
      }
    }
    const outer = { rows: x.rows, width: side, depth: width, transposed: true };
    for (const half of halves) {
      const products = Array.from({ length: across }, (_, j): TileProduct => {
        return { a: z.place(0), b: half.place(j), c: y.blocks.place(j) };
      });
      await doubleProducts(gpu, products, outer);
    }
  } finally {
    for (const blocks of made) blocks.dispose();
  }
}

/** The keys in `range` as blocks [side, width]: the nearest floats, and what is left. */
function writeKeys(
  [high, low]: BlockBuffers[],
  { data, count }: Keys,
  shape: { n: number; side: number; width: number; range: [number, number] },
): void {
  const { n, side, width, range } = shape;
  for (let j = 0; j < high.count; j++) {
    const nearest = new Float32Array(side * width);
    const rest = new Float32Array(side * width);
    for (let i = 0; i < Math.min(side, n - j * side); i++) {
      for (let k = range[0]; k < range[1]; k++) {
        const value = data[(j * side + i) * count + k];
        const at = i * width + k - range[0];
        nearest[at] = value;
        rest[at] = value - nearest[at];
      }
    }
    high.write(j, nearest);
    low.write(j, rest);
  }
}

/** C += A B for each, in double-float; a and c are blocks of two floats, and no two products have the same c. */
async function doubleProducts(
  gpu: Gpu,
  products: TileProduct[],
  size: Omit<ProductShape, "into" | "upper">,
): Promise<void> {
  const shape: ProductShape = { ...size, into: "C += AB" };
  const pipeline = await gpu.pipeline(productShader({ name: "residual", code }, shape));
  const { rows, width, depth } = shape;
  gpu.withUniforms("residual.shape", [Uint32Array.of(rows, width, depth, 0)], ([uniform]) =>
    runProducts(gpu, products, { pipeline, uniform, shape, cost: doubleCost }),
  );
}

const range = (first: number, end: number) =>
  Array.from({ length: end - first }, (_, i) => first + i);
