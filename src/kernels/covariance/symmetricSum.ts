import { addRowProducts } from "../products/rowProducts.ts";
import { type SymmetricTiles, tileIndex } from "./SymmetricTiles.ts";

/** Keys K [n, count], row-major, in float64. */
export interface Keys {
  data: Float64Array;
  count: number;
}

/** The matrix A = scale · C + ridge · I + K Kᵀ [n, n], which is never rounded: that of one key is C, that of many λC + KKᵀ. */
export interface SymmetricSum {
  c: SymmetricTiles;
  scale: number;
  ridge: number;
  keys?: Keys | undefined;
}

/** A [n, n] in float64, row-major; what lies above the diagonal is not filled in. */
export function denseSum({ c, scale, ridge, keys }: SymmetricSum): Float64Array {
  const { n, side } = c;
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = Math.floor(i / side);
    for (let column = 0; column <= row; column++) {
      const tile = c.tiles[tileIndex(row, column)];
      const width = Math.min(side, i + 1 - column * side);
      const [from, to] = [(i % side) * side, i * n + column * side];
      for (let j = 0; j < width; j++) a[to + j] = scale * tile[from + j];
    }
    a[i * n + i] += ridge;
  }
  if (keys) addKeys(a, n, keys);
  return a;
}

function addKeys(a: Float64Array, n: number, { data, count }: Keys): void {
  const k = { data, offset: 0, stride: count };
  const size = { rows: n, columns: n, depth: count, sign: 1, lower: true } as const;
  addRowProducts({ c: { data: a, offset: 0, stride: n }, a: k, b: k, ...size });
}

/** The mean of A's diagonal. */
export function meanDiagonal({ c, scale, ridge, keys }: SymmetricSum): number {
  const ofKeys = keys ? keys.data.reduce((sum, x) => sum + x * x, 0) : 0;
  const trace = scale * c.diagonal().reduce((sum, x) => sum + x, 0) + ofKeys;
  return trace / c.n + ridge;
}

/** ‖A‖ in the Frobenius norm, or a little more: the sum of its terms' norms. */
export function sumNorm({ c, scale, ridge, keys }: SymmetricSum): number {
  const ofKeys = keys ? keys.data.reduce((sum, x) => sum + x * x, 0) : 0;
  return Math.abs(scale) * frobeniusNorm(c) + Math.abs(ridge) * Math.sqrt(c.n) + ofKeys;
}

/** ‖C‖ in the Frobenius norm, in float64; only the lower triangle is read. */
export function frobeniusNorm({ n, side, tiles }: SymmetricTiles): number {
  const across = Math.ceil(n / side);
  let total = 0;
  for (let row = 0; row < across; row++) {
    for (let column = 0; column < row; column++) {
      for (const x of tiles[tileIndex(row, column)]) total += 2 * x * x;
    }
    const tile = tiles[tileIndex(row, row)];
    for (let i = 0; i < side; i++) {
      for (let j = 0; j < i; j++) total += 2 * tile[i * side + j] ** 2;
      total += tile[i * side + i] ** 2;
    }
  }
  return Math.sqrt(total);
}
