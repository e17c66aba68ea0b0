/** The side of a tile unless asked otherwise: 256 × 256 × 4 bytes are 256 KiB, which every device binds. */
export const SIDE = 256;

/**
 * A symmetric matrix [n, n] of which only the lower half is held, in square tiles of float32.
 *
 * Tile (r, c) with c <= r holds the entries [r·side + i, c·side + j] at `i * side + j`, and lies at `index(r, c)`. Tiles
 * on the diagonal hold both of their halves; what lies past n is 0. So a matrix of 16384² takes 0.51 of its dense size.
 */
export class SymmetricTiles {
  readonly n: number;
  readonly side: number;
  readonly tiles: readonly Float32Array<ArrayBuffer>[];

  /** The zero matrix, or the one that `tiles` hold. Throws where their number or size is another's. */
  constructor(n: number, side: number = SIDE, tiles?: readonly Float32Array<ArrayBuffer>[]) {
    if (!(Number.isInteger(n) && n > 0 && Number.isInteger(side) && side > 0))
      throw new Error(`invalid size: ${n} in tiles of ${side} (both are whole and positive)`);
    this.n = n;
    this.side = side;
    const count = tileCount(n, side);
    this.tiles = tiles ?? Array.from({ length: count }, () => new Float32Array(side * side));
    if (this.tiles.length !== count || this.tiles.some((tile) => tile.length !== side * side))
      throw new Error(
        `invalid tiles: ${this.tiles.length} (a matrix of ${n} has ${count} of ${side} × ${side})`,
      );
  }

  /** The lower half of a dense matrix [n, n], row-major. */
  static from(dense: Float32Array | Float64Array, n: number, side?: number): SymmetricTiles {
    if (dense.length !== n * n)
      throw new Error(`invalid matrix: ${dense.length} numbers (expected ${n} × ${n} = ${n * n})`);
    const matrix = new SymmetricTiles(n, side);
    matrix.setRows(0, dense);
    return matrix;
  }

  /** Takes whole rows [count, n], row-major, from row `first` on; what lies above their tiles is not read. */
  setRows(first: number, rows: Float32Array | Float64Array): void {
    const { n, side } = this;
    for (let k = 0; k < rows.length / n; k++) {
      const i = first + k;
      const row = Math.floor(i / side);
      for (let column = 0; column <= row; column++) {
        const from = k * n + column * side;
        const width = Math.min(side, n - column * side);
        this.tiles[tileIndex(row, column)].set(
          rows.subarray(from, from + width),
          (i % side) * side,
        );
      }
    }
  }

  /** Sets entry [i, j] with j <= i, and its mirror image where that is held. */
  setLower(i: number, j: number, value: number): void {
    const { side } = this;
    const [row, column] = [Math.floor(i / side), Math.floor(j / side)];
    const tile = this.tiles[tileIndex(row, column)];
    tile[(i % side) * side + (j % side)] = value;
    if (row === column) tile[(j % side) * side + (i % side)] = value;
  }

  /** Entry [i, j], on either side of the diagonal. */
  at(i: number, j: number): number {
    const { side } = this;
    const [high, low] = i >= j ? [i, j] : [j, i];
    const tile = this.tiles[tileIndex(Math.floor(high / side), Math.floor(low / side))];
    return tile[(high % side) * side + (low % side)];
  }

  /** Row i [n], both halves. */
  row(i: number): Float32Array<ArrayBuffer> {
    const { n, side } = this;
    const result = new Float32Array(n);
    const row = Math.floor(i / side);
    for (let column = 0; column <= row; column++) {
      const from = (i % side) * side;
      const width = Math.min(side, n - column * side);
      const tile = this.tiles[tileIndex(row, column)];
      result.set(tile.subarray(from, from + width), column * side);
    }
    for (let j = (row + 1) * side; j < n; j++) result[j] = this.at(j, i);
    return result;
  }

  /** The diagonal [n]. */
  diagonal(): Float32Array<ArrayBuffer> {
    return Float32Array.from({ length: this.n }, (_, i) => this.at(i, i));
  }

  /** The whole matrix [n, n], row-major. */
  dense(): Float32Array<ArrayBuffer> {
    const { n } = this;
    const result = new Float32Array(n * n);
    for (let i = 0; i < n; i++) result.set(this.row(i), i * n);
    return result;
  }
}

/** How many tiles the lower half of a matrix [n, n] has. */
export function tileCount(n: number, side: number): number {
  const across = Math.ceil(n / side);
  return (across * (across + 1)) / 2;
}

/** Where the tile (row, column) with column <= row lies among them. */
export const tileIndex = (row: number, column: number): number => (row * (row + 1)) / 2 + column;
