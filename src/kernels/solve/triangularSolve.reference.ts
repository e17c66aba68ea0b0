import { addRowProducts } from "../products/rowProducts.ts";

/** Unknowns that are solved together. */
const width = 64;

/** Which system: L x = b, or Lᵀ x = b. */
export type Triangle = "L" | "Lᵀ";

/**
 * Solves L x = b or Lᵀ x = b for many right-hand sides in float64.
 *
 * l [n, n] lower triangular, row-major; b and the result [n, columns]. In blocks of unknowns J, from the first for L:
 * x[J] = L[J, J]⁻¹ (b[J] - L[J, :J] x[:J]), and from the last for Lᵀ: x[J] = L[J, J]⁻ᵀ (b[J] - L[J:, J]ᵀ x[J:]).
 */
export function triangularSolveReference(
  triangle: Triangle,
  l: Float64Array,
  [n, columns]: [n: number, columns: number],
  b: Float64Array,
): Float64Array {
  const x = transposed(b, n, columns); // [columns, n]: every sum below runs along rows
  if (triangle === "L") forward(l, n, x, columns);
  else backward(l, n, x, columns);
  return transposed(x, columns, n);
}

/**
 * Solves L Lᵀ x = b in float64, where L is the factor `choleskyReference` returns.
 *
 * l [n, n]; b and the result [n, columns], row-major.
 */
export function choleskySolveReference(
  l: Float64Array,
  n: number,
  b: Float64Array,
  columns: number,
): Float64Array {
  const x = transposed(b, n, columns);
  forward(l, n, x, columns);
  backward(l, n, x, columns);
  return transposed(x, columns, n);
}

function forward(l: Float64Array, n: number, x: Float64Array, columns: number): void {
  for (let at = 0; at < n; at += width) {
    const end = Math.min(at + width, n);
    addRowProducts({
      c: { data: x, offset: at, stride: n },
      a: { data: x, offset: 0, stride: n },
      b: { data: l, offset: at * n, stride: n },
      rows: columns,
      columns: end - at,
      depth: at,
      sign: -1,
    });
    for (let row = 0; row < columns; row++) {
      for (let j = at; j < end; j++) {
        let sum = x[row * n + j];
        for (let k = at; k < j; k++) sum -= l[j * n + k] * x[row * n + k];
        x[row * n + j] = sum / l[j * n + j];
      }
    }
  }
}

function backward(l: Float64Array, n: number, x: Float64Array, columns: number): void {
  for (let end = n; end > 0;) {
    const at = Math.floor((end - 1) / width) * width;
    addRowProducts({
      c: { data: x, offset: at, stride: n },
      a: { data: x, offset: end, stride: n },
      b: { data: columnsBelow(l, n, at, end), offset: 0, stride: n - end },
      rows: columns,
      columns: end - at,
      depth: n - end,
      sign: -1,
    });
    for (let row = 0; row < columns; row++) {
      for (let j = end - 1; j >= at; j--) {
        let sum = x[row * n + j];
        for (let k = j + 1; k < end; k++) sum -= l[k * n + j] * x[row * n + k];
        x[row * n + j] = sum / l[j * n + j];
      }
    }
    end = at;
  }
}

/** The columns [begin, end) of L below row end, as rows: [end - begin, n - end]. */
function columnsBelow(l: Float64Array, n: number, begin: number, end: number): Float64Array {
  const rows = n - end;
  const result = new Float64Array((end - begin) * rows);
  for (let i = 0; i < rows; i++) {
    for (let j = begin; j < end; j++) result[(j - begin) * rows + i] = l[(end + i) * n + j];
  }
  return result;
}

/** a [rows, columns] as [columns, rows]. */
function transposed(a: Float64Array, rows: number, columns: number): Float64Array {
  const result = new Float64Array(a.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = a[i * columns + j];
  }
  return result;
}
