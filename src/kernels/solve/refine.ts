/** A x = b for b [n, columns], row-major, with A given by what it does: r = b - A x in float64 or nearly so. */
export interface RefinedSystem {
  n: number;
  b: Float64Array;
  columns: number;
  /** ‖A‖ (Frobenius). */
  norm: number;
  residual: (x: Float64Array) => Promise<Float64Array> | Float64Array;
}

/** x [n, columns], and the largest ‖A x - b‖ / (‖A‖ ‖x‖ + ‖b‖) of any column (normwise backward error, Frobenius). */
export interface Refined {
  x: Float64Array;
  error: number;
  steps: number;
}

/** Solves A x = r [n, columns] about, in float32. */
export type RoughSolve = (r: Float32Array, columns: number) => Promise<Float32Array>;

const mostSteps = 20;
/** A step that does not halve the error is the last: float64 has no more to give, or the rough solve is too rough. */
const progress = 0.5;

/**
 * Makes a float32 solve as good as a float64 one by iterative refinement: x += solve(b - A x), x in float64.
 *
 * Converges while condition(A) is well below 1 / float32's rounding, about 1e7. The caller judges by `error`, which is
 * near the residual's own rounding (1e-16 in float64, 1e-14 in double-float) when all went well.
 */
export async function refine(system: RefinedSystem, solve: RoughSolve): Promise<Refined> {
  const { n, b, columns } = system;
  let best: Refined = { x: new Float64Array(n * columns), error: 1, steps: 0 };
  let r: Float64Array = b;
  while (best.steps < mostSteps && best.error > 0) {
    const x = await corrected(best.x, r, columns, solve);
    r = await system.residual(x);
    const error = backwardError(system, x, r);
    const last = !(error <= progress * best.error);
    if (error < best.error) best = { x, error, steps: best.steps + 1 };
    if (last) break;
  }
  return best;
}

/** x + solve(r); every column of r is scaled to length 1 first, so that none leaves the range of float32. */
async function corrected(
  x: Float64Array,
  r: Float64Array,
  columns: number,
  solve: RoughSolve,
): Promise<Float64Array> {
  const scale = columnNorms(r, columns).map((norm) => norm || 1);
  const scaled = new Float32Array(r.length);
  for (let i = 0; i < r.length; i++) scaled[i] = r[i] / scale[i % columns];
  const step = await solve(scaled, columns);
  const result = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) result[i] = x[i] + step[i] * scale[i % columns];
  return result;
}

function backwardError(
  { norm, b, columns }: RefinedSystem,
  x: Float64Array,
  r: Float64Array,
): number {
  const [ofX, ofR, ofB] = [x, r, b].map((data) => columnNorms(data, columns));
  return ofR.reduce((worst, value, k) => {
    const scale = norm * ofX[k] + ofB[k];
    return value === 0 ? worst : Math.max(worst, value / scale); // Math.max keeps NaN
  }, 0);
}

function columnNorms(data: Float64Array, columns: number): Float64Array {
  const squares = new Float64Array(columns);
  for (let i = 0; i < data.length; i++) squares[i % columns] += data[i] * data[i];
  return squares.map(Math.sqrt);
}
