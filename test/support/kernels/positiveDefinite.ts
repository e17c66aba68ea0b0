/** A seeded stream of uniform numbers in [0, 1) (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Numbers in [-1, 1) that a seed fixes. */
export function uniform(length: number, seed: number): Float64Array {
  const random = seeded(seed);
  return Float64Array.from({ length }, () => 2 * random() - 1);
}

/**
 * A dense symmetric positive definite matrix [n, n] whose eigenvalues fall geometrically from 1 to 1 / condition.
 *
 * A = H D H with three Householder reflections H_v = I - 2 v vᵀ, so that the condition number is exactly the given one.
 */
export function positiveDefinite(n: number, condition: number, seed = 1): Float64Array {
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) a[i * n + i] = condition ** (-i / Math.max(1, n - 1));
  for (let k = 0; k < 3; k++) reflect(a, unit(uniform(n, seed + k)));
  return a;
}

function unit(v: Float64Array): Float64Array {
  const norm = Math.hypot(...v);
  return v.map((x) => x / norm);
}

/** A := H A H for H = I - 2 v vᵀ, that is A - 2 v wᵀ - 2 w vᵀ with w = A v - (vᵀ A v) v. */
function reflect(a: Float64Array, v: Float64Array): void {
  const n = v.length;
  const av = v.map((_, i) => v.reduce((sum, x, j) => sum + a[i * n + j] * x, 0));
  const vav = v.reduce((sum, x, i) => sum + x * av[i], 0);
  const w = av.map((x, i) => x - vav * v[i]);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) a[i * n + j] -= 2 * (v[i] * w[j] + w[i] * v[j]);
  }
}

/** ‖L Lᵀ - A‖ / ‖A‖ in Frobenius norms; what lies above the diagonal of l is not read. */
export function factorResidual(l: ArrayLike<number>, a: ArrayLike<number>, n: number): number {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k <= j; k++) sum += l[i * n + k] * l[j * n + k];
      const weight = i === j ? 1 : 2;
      difference += weight * (sum - a[i * n + j]) ** 2;
      norm += weight * a[i * n + j] ** 2;
    }
  }
  return Math.sqrt(difference / norm);
}

/** ‖C x - b‖ / ‖b‖ in Frobenius norms for C [n, n], x and b [n, columns]. */
export function solveResidual(
  c: ArrayLike<number>,
  x: ArrayLike<number>,
  b: ArrayLike<number>,
  [n, columns]: [n: number, columns: number],
): number {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < columns; k++) {
      let sum = -b[i * columns + k];
      for (let j = 0; j < n; j++) sum += c[i * n + j] * x[j * columns + k];
      difference += sum ** 2;
      norm += b[i * columns + k] ** 2;
    }
  }
  return Math.sqrt(difference / norm);
}
