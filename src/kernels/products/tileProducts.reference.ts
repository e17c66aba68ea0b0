/** Shapes of C += sign · A B: a [rows, depth], c [rows, width], b [depth, width], or [width, depth] when transposed. */
export interface BlockShape {
  rows: number;
  width: number;
  depth: number;
  transposed: boolean;
}

/** A B or A Bᵀ in float64, row-major: what `tileProducts` and `residual` compute. */
export function tileProductReference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  { rows, width, depth, transposed }: BlockShape,
): Float64Array {
  const c = new Float64Array(rows * width);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < width; j++) {
      let sum = 0;
      for (let k = 0; k < depth; k++)
        sum += a[i * depth + k] * b[transposed ? j * depth + k : k * width + j];
      c[i * width + j] = sum;
    }
  }
  return c;
}
