import { Factor } from "../../kernels/solve/Factor.ts";
import type { Gpu } from "../../kernels/device/Gpu.ts";
import { solveKeys } from "../../kernels/solve/keySolve.ts";
import type { LayerStatistics } from "./statistics.ts";

const factors = new WeakMap<LayerStatistics, Promise<Factor>>();

/** Factors that are kept take no more than so many bytes together, but for the last: one of GPT-J's takes half of it. */
export const MOST_BYTES = 2 ** 30;

/** The factors that are kept, in the order in which they were made. */
const held: { statistics: WeakRef<LayerStatistics>; factor: Factor }[] = [];

/**
 * The Cholesky factor of C = sum / count [dMlp, dMlp] (METHODS 3), as good as in float64, on the GPU where one is given.
 * It is made once for each statistics object and kept while that lives and there is room; do not dispose it.
 *
 * @throws with the pivot and the ridge that mends it when C is not positive definite, which statistics of fewer tokens
 * than dMlp never are
 */
export function covarianceFactor(statistics: LayerStatistics, gpu?: Gpu): Promise<Factor> {
  const found = factors.get(statistics);
  if (found) return found;
  const { sum, count } = statistics;
  const made = Factor.of(sum, { scale: 1 / count, gpu });
  factors.set(statistics, made);
  made.then(
    (factor) => hold(statistics, factor),
    () => factors.delete(statistics),
  );
  return made;
}

function hold(statistics: LayerStatistics, factor: Factor): void {
  held.push({ statistics: new WeakRef(statistics), factor });
  const bytes = () => held.reduce((sum, { factor }) => sum + factor.bytes, 0);
  for (let i = 0; i < held.length - 1;) {
    const alive = held[i].statistics.deref();
    if (alive && bytes() <= MOST_BYTES) i++;
    else forget(i);
  }
}

function forget(i: number): void {
  const [{ statistics, factor }] = held.splice(i, 1);
  const of = statistics.deref();
  if (of) factors.delete(of);
  factor.dispose();
}

/** C⁻¹ k for one key k [dMlp], as good as in float64. */
export async function solveCovariance(
  statistics: LayerStatistics,
  key: Float64Array,
  gpu?: Gpu,
): Promise<Float64Array> {
  return (await covarianceFactor(statistics, gpu)).solve(key);
}

/** Keys to be solved with λC (METHODS 5.4). */
export interface KeyRequest {
  lambda: number;
  /** K [dMlp, columns], row-major. */
  keys: Float64Array;
  columns: number;
  gpu?: Gpu | undefined;
}

/**
 * (λC + KKᵀ)⁻¹ K [dMlp, columns] (METHODS 5.4), as good as in float64: with the factor of C that is kept for these
 * statistics where that is cheaper, else with a factorisation of its own.
 */
export async function solveCovarianceKeys(
  statistics: LayerStatistics,
  { lambda, keys, columns, gpu }: KeyRequest,
): Promise<Float64Array> {
  const factor = await factors.get(statistics);
  const { x } = await solveKeys({
    c: statistics.sum,
    scale: lambda / statistics.count,
    keys,
    columns,
    factor,
    makeFactor: () => covarianceFactor(statistics, gpu),
    gpu,
  });
  return x;
}
