import { addRowProducts } from "./rowProducts.ts";

/** Columns that are factorised together. */
const width = 64;

/**
 * Factorises a symmetric positive definite matrix, A = L Lᵀ, in float64 and in blocks of columns.
 *
 * a [n, n] row-major, of which only the lower triangle is read; returns L [n, n] with zeros above the diagonal. For each
 * block of columns J: A[i, J] -= L[i, :J] L[J, :J]ᵀ, then inside the block
 * L[j, j] = √(A[j, j] - Σ_k L[j, k]²) and L[i, j] = (A[i, j] - Σ_k L[i, k] L[j, k]) / L[j, j].
 * Throws with the pivot when A is not positive definite.
 */
export function choleskyReference(a: Float64Array, n: number): Float64Array {
  const l = a.slice();
  for (let at = 0; at < n; at += width) {
    const columns = Math.min(width, n - at);
    const left = { data: l, offset: at * n, stride: n };
    const here = { data: l, offset: at * n + at, stride: n };
    const size = { rows: n - at, columns, depth: at, sign: -1, lower: true } as const;
    addRowProducts({ c: here, a: left, b: left, ...size });
    factorColumns(l, n, at, at + columns);
  }
  for (let i = 0; i < n; i++) l.fill(0, i * n + i + 1, (i + 1) * n);
  return l;
}

/** The columns [begin, end) of L, once what lies left of them has been subtracted. */
function factorColumns(l: Float64Array, n: number, begin: number, end: number): void {
  for (let i = begin; i < n; i++) {
    for (let j = begin; j < Math.min(end, i + 1); j++) {
      let sum = l[i * n + j];
      for (let k = begin; k < j; k++) sum -= l[i * n + k] * l[j * n + k];
      if (i === j && !(sum > 0)) throw new Error(notPositiveDefinite(j, sum));
      l[i * n + j] = i === j ? Math.sqrt(sum) : sum / l[j * n + j];
    }
  }
}

/** What to say when the pivot with this index is not positive. */
export function notPositiveDefinite(index: number, pivot: number): string {
  return `the matrix is not positive definite: pivot ${index} is ${pivot.toPrecision(3)}; collect more samples, or add a small number to the diagonal`;
}
