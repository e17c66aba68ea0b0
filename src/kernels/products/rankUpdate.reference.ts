/** How W lies in memory, row-major: GPT-2's Conv1D keeps [dMlp, dModel], GPT-J's Linear [dModel, dMlp]. */
export type WeightLayout = "[dMlp, dModel]" | "[dModel, dMlp]";

/** The sizes of an update, how W lies in memory, and whether it is added ("+") or taken back ("-"). */
export interface RankUpdateShape {
  dMlp: number;
  dModel: number;
  rank: number;
  layout: WeightLayout;
  sign: "+" | "-";
}

/**
 * Adds or subtracts a matrix of low rank in float64: W ± Σ_r u_r v_rᵀ (ROME eq. 2: Ŵ = W + Λ (C⁻¹k*)ᵀ).
 *
 * w in the layout that is named, u [rank, dMlp], v [rank, dModel]; returns a new W in the same layout.
 */
export function rankUpdateReference(
  w: ArrayLike<number>,
  u: ArrayLike<number>,
  v: ArrayLike<number>,
  { dMlp, dModel, rank, layout, sign }: RankUpdateShape,
): Float64Array {
  const result = Float64Array.from(w);
  const factor = sign === "+" ? 1 : -1;
  for (let r = 0; r < rank; r++) {
    for (let i = 0; i < dMlp; i++) {
      for (let j = 0; j < dModel; j++) {
        const at = layout === "[dMlp, dModel]" ? i * dModel + j : j * dMlp + i;
        result[at] += factor * u[r * dMlp + i] * v[r * dModel + j];
      }
    }
  }
  return result;
}
