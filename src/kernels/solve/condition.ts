import { Factor, NotPositiveDefinite } from "./Factor.ts";
import type { Gpu } from "../device/Gpu.ts";
import { multiplySum } from "./residual.reference.ts";
import type { SymmetricTiles } from "../covariance/SymmetricTiles.ts";
import { frobeniusNorm } from "../covariance/symmetricSum.ts";

/** How a symmetric positive definite matrix is spread over its eigenvalues. */
export interface Spectrum {
  /** The participation ratio (Σ λ)² / Σ λ² = (tr C)² / ‖C‖²: n where all eigenvalues are equal, 1 where one is left. */
  effectiveRank: number;
  /** The largest eigenvalue over the smallest; infinite where the matrix is not positive definite. */
  condition: number;
}

/** What is known already, and where to factorise. */
export interface SpectrumOptions {
  /** Of the matrix that `factor` is of: neither number depends on it. Default 1. */
  scale?: number;
  /** A factor of scale · c; without it one is made, and not kept. */
  factor?: Factor;
  gpu?: Gpu | undefined;
}

/**
 * The effective rank of C and its condition number, about to 1 %, the latter from its factor.
 *
 * The extreme eigenvalues are Ritz values of Lanczos's iteration, with C for the largest and with C⁻¹ for the smallest.
 */
export async function spectrumOf(
  c: SymmetricTiles,
  { scale = 1, factor, gpu }: SpectrumOptions = {},
): Promise<Spectrum> {
  const trace = c.diagonal().reduce((sum, x) => sum + x, 0);
  const effectiveRank = (trace / frobeniusNorm(c)) ** 2;
  const used = factor ?? (await positiveFactor(c, { scale, gpu }));
  if (!used) return { effectiveRank, condition: Infinity };
  try {
    const sum = { c, scale, ridge: used.ridge };
    const most = await largestEigenvalue(c.n, (x) => Promise.resolve(multiplySum(sum, x)));
    const least = 1 / (await largestEigenvalue(c.n, (x) => used.solve(x)));
    return { effectiveRank, condition: most / least };
  } finally {
    if (!factor) used.dispose();
  }
}

/** The factor of scale · C, or undefined where it is not positive definite. */
async function positiveFactor(
  c: SymmetricTiles,
  { scale, gpu }: { scale: number; gpu: Gpu | undefined },
): Promise<Factor | undefined> {
  try {
    return await Factor.of(c, { scale, findRidge: false, gpu });
  } catch (error) {
    if (error instanceof NotPositiveDefinite) return undefined;
    throw error;
  }
}

const mostSteps = 80;
/** Steps in which the Ritz value must not have moved more than `settled`. */
const patience = 3;
const settled = 5e-4;

/** The largest eigenvalue of a symmetric positive definite operator, by Lanczos's iteration with full orthogonalisation. */
async function largestEigenvalue(
  n: number,
  apply: (x: Float64Array) => Promise<Float64Array>,
): Promise<number> {
  const basis = [unit(startVector(n))];
  const [diagonal, beside]: [number[], number[]] = [[], []];
  const values: number[] = [];
  for (let step = 0; step < Math.min(n, mostSteps); step++) {
    const next = await apply(basis[step]);
    diagonal.push(dot(next, basis[step]));
    // twice, since once leaves what rounding made
    for (const v of [...basis, ...basis]) subtract(next, dot(next, v), v);
    values.push(largestOfTridiagonal(diagonal, beside));
    const length = Math.sqrt(dot(next, next));
    const before = values.at(-1 - patience) ?? 0;
    if (values[step] - before <= settled * values[step] || length <= 1e-14 * values[step]) break;
    beside.push(length);
    basis.push(next.map((x) => x / length));
  }
  return values[values.length - 1];
}

/** The largest eigenvalue of a symmetric tridiagonal matrix, by bisection on the signs of its leading minors. */
function largestOfTridiagonal(diagonal: number[], beside: number[]): number {
  const reach = diagonal.map(
    (d, i) => d + Math.abs(beside[i - 1] ?? 0) + Math.abs(i < diagonal.length - 1 ? beside[i] : 0),
  );
  let [low, high] = [Math.max(...diagonal), Math.max(...reach)];
  for (let i = 0; i < 100 && high - low > 1e-12 * Math.abs(high); i++) {
    const middle = (low + high) / 2;
    if (isBelow(diagonal, beside, middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Whether all eigenvalues are below x: T - x I is then negative definite, so all of its pivots are negative. */
function isBelow(diagonal: number[], beside: number[], x: number): boolean {
  let pivot = -1;
  for (let i = 0; i < diagonal.length; i++) {
    pivot = diagonal[i] - x - (i > 0 ? beside[i - 1] ** 2 / pivot : 0);
    if (!(pivot < 0)) return false;
  }
  return true;
}

/** A vector with no reason to be orthogonal to an eigenvector: the golden ratio's multiples, modulo 1. */
const startVector = (n: number) =>
  Float64Array.from({ length: n }, (_, i) => (((i + 1) * 0.6180339887498949) % 1) - 0.5);

function unit(v: Float64Array): Float64Array {
  const length = Math.sqrt(dot(v, v));
  return v.map((x) => x / length);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function subtract(a: Float64Array, factor: number, b: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i] -= factor * b[i];
}
