/** How W lies in memory, row-major: GPT-2's Conv1D keeps [inputs, outputs], GPT-J's Linear [outputs, inputs]. */
export type WeightLayout = "[inputs, outputs]" | "[outputs, inputs]";

/** The sizes of an update, how W lies in memory, and whether it is added ("+") or taken back ("-"). */
export interface RankUpdateShape {
  inputs: number;
  outputs: number;
  rank: number;
  layout: WeightLayout;
  sign: "+" | "-";
}

/**
 * Adds or subtracts a matrix of low rank in float64: W ± Σ_r u_r v_rᵀ (METHODS 4.6: Ŵ = W + Λ (C⁻¹k*)ᵀ).
 *
 * w in the layout that is named, u [rank, inputs], v [rank, outputs]; returns a new W in the same layout.
 */
export function rankUpdateReference(
  w: ArrayLike<number>,
  u: ArrayLike<number>,
  v: ArrayLike<number>,
  { inputs, outputs, rank, layout, sign }: RankUpdateShape,
): Float64Array {
  const result = Float64Array.from(w);
  const factor = sign === "+" ? 1 : -1;
  for (let r = 0; r < rank; r++) {
    for (let i = 0; i < inputs; i++) {
      for (let j = 0; j < outputs; j++) {
        const at = layout === "[inputs, outputs]" ? i * outputs + j : j * inputs + i;
        result[at] += factor * u[r * inputs + i] * v[r * outputs + j];
      }
    }
  }
  return result;
}
