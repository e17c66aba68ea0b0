/** C x = b with C [n, n] symmetric, of which only the lower triangle is read, and b [n, columns]. */
export interface SymmetricSystem {
  c: Float32Array | Float64Array;
  n: number;
  b: Float64Array;
  columns: number;
}

/** x [n, columns], and the largest ‖C x - b‖ / (‖C‖ ‖x‖ + ‖b‖) of any column (normwise backward error, Frobenius). */
export interface Refined {
  x: Float64Array;
  error: number;
  steps: number;
}

/** Solves C x = r [n, columns] about, in float32. */
export type RoughSolve = (r: Float32Array, columns: number) => Promise<Float32Array>;

const mostSteps = 20;
/** A step that does not halve the error is the last: float64 has no more to give, or the rough solve is too rough. */
const progress = 0.5;

/**
 * Makes a float32 solve as good as a float64 one by iterative refinement: x += solve(b - C x), the residual in float64.
 *
 * Converges while condition(C) is well below 1 / float32's rounding, about 1e7. The caller judges by `error`, which is
 * near 1e-16 when all went well.
 */
export async function refine(system: SymmetricSystem, solve: RoughSolve): Promise<Refined> {
  const { c, n, b, columns } = system;
  const norm = symmetricNorm(c, n);
  let best: Refined = { x: new Float64Array(n * columns), error: 1, steps: 0 };
  let r: Float64Array = b;
  while (best.steps < mostSteps && best.error > 0) {
    const x = await corrected(best.x, r, columns, solve);
    r = residual({ ...system, x });
    const error = backwardError(norm, { x, r, b, columns });
    const last = !(error <= progress * best.error);
    if (error < best.error) best = { x, error, steps: best.steps + 1 };
    if (last) break;
  }
  return best;
}

/** r = b - C x in float64, [n, columns]; only the lower triangle of C is read. */
export function residual({
  c,
  n,
  b,
  columns,
  x,
}: SymmetricSystem & { x: Float64Array }): Float64Array {
  const r = b.slice();
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const entry = c[i * n + j];
      const [row, column] = [i * columns, j * columns];
      for (let k = 0; k < columns; k++) r[row + k] -= entry * x[column + k];
      if (j === i) continue;
      for (let k = 0; k < columns; k++) r[column + k] -= entry * x[row + k];
    }
  }
  return r;
}

/** x + solve(r); every column of r is scaled to length 1 first, so that none leaves the range of float32. */
async function corrected(
  x: Float64Array,
  r: Float64Array,
  columns: number,
  solve: RoughSolve,
): Promise<Float64Array> {
  const scale = columnNorms(r, columns).map((norm) => norm || 1);
  const step = await solve(
    Float32Array.from(r, (value, i) => value / scale[i % columns]),
    columns,
  );
  return x.map((value, i) => value + step[i] * scale[i % columns]);
}

interface Columns {
  x: Float64Array;
  r: Float64Array;
  b: Float64Array;
  columns: number;
}

function backwardError(norm: number, { x, r, b, columns }: Columns): number {
  const [ofX, ofR, ofB] = [x, r, b].map((data) => columnNorms(data, columns));
  return ofR.reduce((worst, value, k) => {
    const scale = norm * ofX[k] + ofB[k];
    return value === 0 ? worst : Math.max(worst, value / scale); // Math.max keeps NaN
  }, 0);
}

function columnNorms(data: Float64Array, columns: number): Float64Array {
  const squares = new Float64Array(columns);
  data.forEach((value, i) => (squares[i % columns] += value * value));
  return squares.map(Math.sqrt);
}

function symmetricNorm(c: Float32Array | Float64Array, n: number): number {
  let squares = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) squares += (j < i ? 2 : 1) * c[i * n + j] ** 2;
  }
  return Math.sqrt(squares);
}
