import { type Change, isLowRank } from "../../data/delta/delta.ts";

/** The Euclidean norm ‖x‖₂, summed in float64. */
export function norm(x: Float32Array | Float64Array): number {
  let squares = 0;
  for (const value of x) squares += value * value;
  return Math.sqrt(squares);
}

/** ‖ΔW‖ (Frobenius) in float64; of factors √ Σ_ij (u_i·u_j)(v_i·v_j), so that their product need not be made. */
export function changeNorm(change: Change): number {
  if (!isLowRank(change)) return norm(change.dense);
  const { u, v, rank } = change;
  let sum = 0;
  for (let i = 0; i < rank; i++) {
    for (let j = 0; j <= i; j++) {
      const product = rowProduct(u, [i, j], rank) * rowProduct(v, [i, j], rank);
      sum += i === j ? product : 2 * product;
    }
  }
  return Math.sqrt(Math.max(0, sum));
}

function rowProduct(rows: Float32Array, [a, b]: [number, number], rank: number): number {
  const width = rows.length / rank;
  let sum = 0;
  for (let i = 0; i < width; i++) sum += rows[a * width + i] * rows[b * width + i];
  return sum;
}
