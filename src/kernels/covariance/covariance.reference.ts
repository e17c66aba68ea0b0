import { addRowProducts } from "../products/rowProducts.ts";

/** Samples whose products are summed together. */
const chunk = 256;

/**
 * Adds the keys' products to C in float64: C += Kᵀ K = Σ_s k_s k_sᵀ (METHODS 3; keys not centred).
 *
 * keys [samples, dMlp]; C [dMlp, dMlp] is symmetric, changed in place and returned; new and zero when not given.
 */
export function covarianceReference(
  keys: Float32Array,
  [samples, dMlp]: [samples: number, dMlp: number],
  c: Float64Array = new Float64Array(dMlp * dMlp),
): Float64Array {
  const size = { rows: dMlp, columns: dMlp, sign: 1, lower: true } as const;
  const all = { data: c, offset: 0, stride: dMlp };
  for (let first = 0; first < samples; first += chunk) {
    const depth = Math.min(chunk, samples - first);
    const some = keys.subarray(first * dMlp, (first + depth) * dMlp);
    const k = { data: transposed(some, depth, dMlp), offset: 0, stride: depth };
    addRowProducts({ c: all, a: k, b: k, depth, ...size });
  }
  return mirrorLower(c, dMlp);
}

/** k [samples, dMlp] as [dMlp, samples] in float64. */
function transposed(k: Float32Array, samples: number, dMlp: number): Float64Array {
  const result = new Float64Array(k.length);
  for (let s = 0; s < samples; s++) {
    for (let i = 0; i < dMlp; i++) result[i * samples + s] = k[s * dMlp + i];
  }
  return result;
}

/** Copies the lower triangle of a square matrix [n, n] onto the upper one, in place. */
export function mirrorLower<T extends Float32Array | Float64Array>(c: T, n: number): T {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) c[j * n + i] = c[i * n + j];
  }
  return c;
}
