import { tileIndex } from "../covariance/SymmetricTiles.ts";
import type { Keys, SymmetricSum } from "../covariance/symmetricSum.ts";

/** A system A x = b with b and x [n, columns], row-major. */
export interface Columns {
  b: Float64Array;
  x: Float64Array;
  columns: number;
}

/** r = b - A x [n, columns] in float64, A = scale · C + ridge · I + K Kᵀ. */
export function residualReference(sum: SymmetricSum, { b, x, columns }: Columns): Float64Array {
  const { n } = sum.c;
  const r = b.slice();
  for (let k = 0; k < columns; k++) {
    const column = Float64Array.from({ length: n }, (_, i) => x[i * columns + k]);
    const product = multiplySum(sum, column);
    for (let i = 0; i < n; i++) r[i * columns + k] -= product[i];
  }
  return r;
}

/** A x [n] in float64; only the lower triangle of C is read. */
export function multiplySum(
  { c, scale, ridge, keys }: SymmetricSum,
  x: Float64Array,
): Float64Array {
  const y = new Float64Array(c.n);
  const across = Math.ceil(c.n / c.side);
  for (let row = 0; row < across; row++) {
    for (let column = 0; column <= row; column++) {
      const tile = c.tiles[tileIndex(row, column)];
      addTile({ tile, n: c.n, side: c.side, x, y }, row, column);
    }
  }
  const product = y.map((value, i) => scale * value + ridge * x[i]);
  if (keys) addKeys(product, keys, x);
  return product;
}

interface TileTimes {
  tile: Float32Array;
  n: number;
  side: number;
  x: Float64Array;
  y: Float64Array;
}

/** Adds the tile's and, where it is not on the diagonal, its transpose's part of C x to y. */
function addTile({ tile, n, side, x, y }: TileTimes, row: number, column: number): void {
  const first = column * side;
  for (let i = row * side; i < Math.min(n, (row + 1) * side); i++) {
    const at = (i - row * side) * side;
    const width = row === column ? i - first : side;
    const own = x[i];
    let sum = 0;
    for (let j = 0; j < width; j++) {
      const entry = tile[at + j];
      sum += entry * x[first + j];
      y[first + j] += entry * own;
    }
    if (row === column) sum += tile[at + width] * own;
    y[i] += sum;
  }
}

/** Adds K (Kᵀ x) to y. */
function addKeys(y: Float64Array, { data, count }: Keys, x: Float64Array): void {
  const z = new Float64Array(count);
  for (let i = 0; i < x.length; i++) {
    for (let m = 0; m < count; m++) z[m] += data[i * count + m] * x[i];
  }
  for (let i = 0; i < x.length; i++) {
    let sum = 0;
    for (let m = 0; m < count; m++) sum += data[i * count + m] * z[m];
    y[i] += sum;
  }
}
