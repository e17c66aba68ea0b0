/** A row-major part of a larger matrix: entry [i, k] is `data[offset + i * stride + k]`. */
export interface Block {
  data: Float64Array;
  offset: number;
  stride: number;
}

/** c [rows, columns], a [rows, depth], b [columns, depth]. */
export interface RowProducts {
  c: Block;
  a: Block;
  b: Block;
  rows: number;
  columns: number;
  depth: number;
  sign: 1 | -1;
  /** Only entries with column <= row are wanted; those above are left unspecified. */
  lower?: boolean;
}

/** Entries are computed four by four, so that each number that is read is used four times. */
const side = 4;
/** Columns and depth are cut so that the rows of b in use, 64 × 256 × 8 bytes, stay in the second-level cache. */
const panel = 64;
const chunk = 256;

/**
 * Adds or subtracts every product of a row of a with a row of b in float64: c[i, j] ±= Σ_k a[i, k] b[j, k].
 *
 * The inner loop of the float64 references. `c` may lie in the same array as `a` and `b` where they do not overlap.
 */
export function addRowProducts(products: RowProducts): void {
  const { columns, depth } = products;
  for (let left = 0; left < columns; left += panel) {
    for (let from = 0; from < depth; from += chunk) {
      const to = Math.min(from + chunk, depth);
      addPanel(products, [left, Math.min(left + panel, columns)], [from, to]);
    }
  }
}

function addPanel(products: RowProducts, [left, right]: number[], depth: number[]): void {
  const { rows, lower = false } = products;
  const top = lower ? left : 0;
  for (let i = top; i < rows; i += side) {
    const end = lower ? Math.min(right, i + side) : right;
    for (let j = left; j < end; j += side) {
      if (i + side <= rows && j + side <= right) square(products, i, j, depth);
      else edge(products, [i, j, right], depth);
    }
  }
}

function edge(products: RowProducts, [top, left, right]: number[], [from, to]: number[]): void {
  const { c, a, b, rows, sign } = products;
  for (let i = top; i < Math.min(top + side, rows); i++) {
    for (let j = left; j < Math.min(left + side, right); j++) {
      const row = a.offset + i * a.stride;
      const column = b.offset + j * b.stride;
      let sum = 0;
      for (let k = from; k < to; k++) sum += a.data[row + k] * b.data[column + k];
      c.data[c.offset + i * c.stride + j] += sign * sum;
    }
  }
}

// Written out: sums in local variables stay in registers, and destructuring inside the loop makes it half as fast.
function square({ c, a, b, sign }: RowProducts, i: number, j: number, [from, to]: number[]): void {
  const x = a.data;
  const x0 = a.offset + i * a.stride;
  const [x1, x2, x3] = [x0 + a.stride, x0 + 2 * a.stride, x0 + 3 * a.stride];
  const y = b.data;
  const y0 = b.offset + j * b.stride;
  const [y1, y2, y3] = [y0 + b.stride, y0 + 2 * b.stride, y0 + 3 * b.stride];
  let [s00, s01, s02, s03] = [0, 0, 0, 0];
  let [s10, s11, s12, s13] = [0, 0, 0, 0];
  let [s20, s21, s22, s23] = [0, 0, 0, 0];
  let [s30, s31, s32, s33] = [0, 0, 0, 0];
  for (let k = from; k < to; k++) {
    const b0 = y[y0 + k];
    const b1 = y[y1 + k];
    const b2 = y[y2 + k];
    const b3 = y[y3 + k];
    let row = x[x0 + k];
    s00 += row * b0;
    s01 += row * b1;
    s02 += row * b2;
    s03 += row * b3;
    row = x[x1 + k];
    s10 += row * b0;
    s11 += row * b1;
    s12 += row * b2;
    s13 += row * b3;
    row = x[x2 + k];
    s20 += row * b0;
    s21 += row * b1;
    s22 += row * b2;
    s23 += row * b3;
    row = x[x3 + k];
    s30 += row * b0;
    s31 += row * b1;
    s32 += row * b2;
    s33 += row * b3;
  }
  const at = c.offset + i * c.stride + j;
  addRow(c.data, at, sign, [s00, s01, s02, s03]);
  addRow(c.data, at + c.stride, sign, [s10, s11, s12, s13]);
  addRow(c.data, at + 2 * c.stride, sign, [s20, s21, s22, s23]);
  addRow(c.data, at + 3 * c.stride, sign, [s30, s31, s32, s33]);
}

function addRow(c: Float64Array, at: number, sign: number, sums: number[]): void {
  c[at] += sign * sums[0];
  c[at + 1] += sign * sums[1];
  c[at + 2] += sign * sums[2];
  c[at + 3] += sign * sums[3];
}
