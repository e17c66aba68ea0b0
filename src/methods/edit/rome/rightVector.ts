import { beyond } from "../../../engine/transformer/finite.ts";

/**
 * ROME's right vector [dModel] (METHODS 4.5): (v* − o) / (k·u), so that W + u·rightᵀ maps k to v*.
 *
 * @param output o = W k + b, the MLP output at the key, as it was
 * @throws when k and u are orthogonal, or their product is NaN or infinite
 */
export function rightVector(
  vStar: Float64Array,
  output: Float64Array,
  { key, u }: { key: Float64Array; u: Float64Array },
): Float64Array {
  const scale = dot(key, u);
  if (scale === 0) {
    throw new Error("the key and C⁻¹k̄ are orthogonal; check the layer's statistics");
  }
  if (!Number.isFinite(scale)) {
    throw beyond("the product of the key and C⁻¹k̄", "check the layer's statistics");
  }
  return vStar.map((x, i) => (x - output[i]) / scale);
}

/** Σ a_i b_i. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
