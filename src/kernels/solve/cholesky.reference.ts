import { addRowProducts } from "../products/rowProducts.ts";

/** Columns that are factorised together. */
const width = 64;

/** A pivot that is not positive: its index, and what would have to be the square of L's entry there. */
export interface BadPivot {
  index: number;
  pivot: number;
}

/**
 * Factorises a symmetric positive definite matrix, A = L Lᵀ, in float64 and in blocks of columns.
 *
 * a [n, n] row-major, of which only the lower triangle is read; returns L [n, n] with zeros above the diagonal. Throws
 * with the pivot when A is not positive definite.
 */
export function choleskyReference(a: Float64Array, n: number): Float64Array {
  const l = a.slice();
  const bad = choleskyInPlace(l, n);
  if (bad) throw new Error(`${notPositiveDefinite(bad)}; add a small number to the diagonal`);
  return l;
}

/**
 * As `choleskyReference`, but A's own memory becomes L, and the first pivot that is not positive is returned, if any;
 * the matrix then holds nothing of use.
 *
 * For each block of columns J: A[i, J] -= L[i, :J] L[J, :J]ᵀ, then inside the block
 * L[j, j] = √(A[j, j] - Σ_k L[j, k]²) and L[i, j] = (A[i, j] - Σ_k L[i, k] L[j, k]) / L[j, j].
 */
export function choleskyInPlace(l: Float64Array, n: number): BadPivot | undefined {
  for (let at = 0; at < n; at += width) {
    const columns = Math.min(width, n - at);
    const left = { data: l, offset: at * n, stride: n };
    const here = { data: l, offset: at * n + at, stride: n };
    const size = { rows: n - at, columns, depth: at, sign: -1, lower: true } as const;
    addRowProducts({ c: here, a: left, b: left, ...size });
    const bad = factorColumns(l, n, [at, at + columns]);
    if (bad) return bad;
  }
  for (let i = 0; i < n; i++) l.fill(0, i * n + i + 1, (i + 1) * n);
  return undefined;
}

/** The columns [begin, end) of L, once what lies left of them has been subtracted. */
function factorColumns(
  l: Float64Array,
  n: number,
  [begin, end]: [begin: number, end: number],
): BadPivot | undefined {
  for (let i = begin; i < n; i++) {
    for (let j = begin; j < Math.min(end, i + 1); j++) {
      let sum = l[i * n + j];
      for (let k = begin; k < j; k++) sum -= l[i * n + k] * l[j * n + k];
      if (i === j && !(sum > 0 && sum < Infinity)) return { index: j, pivot: sum };
      l[i * n + j] = i === j ? Math.sqrt(sum) : sum / l[j * n + j];
    }
  }
  return undefined;
}

/** What to say of a pivot that is not positive; what to do is for the caller to add. */
export function notPositiveDefinite({ index, pivot }: BadPivot): string {
  return `the matrix is not positive definite: pivot ${index} is ${pivot.toPrecision(3)}`;
}
