/** The Euclidean norm ‖x‖₂, summed in float64. */
export function norm(x: Float32Array | Float64Array): number {
  let squares = 0;
  for (const value of x) squares += value * value;
  return Math.sqrt(squares);
}
