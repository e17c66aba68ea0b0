import { choleskyReference } from "../kernels/cholesky.reference.ts";
import { choleskySolveReference } from "../kernels/triangularSolve.reference.ts";
import type { LayerStatistics } from "./statistics.ts";

const factors = new WeakMap<LayerStatistics, Float64Array>();

/**
 * The Cholesky factor L [dMlp, dMlp] of C = sum / count in float64 (METHODS 3). It is made once for each
 * statistics object and kept as long as that lives.
 *
 * @throws when C is not positive definite, which statistics of fewer tokens than dMlp never are
 */
export function covarianceFactor(statistics: LayerStatistics): Float64Array {
  const { sum, count, dMlp } = statistics;
  let factor = factors.get(statistics);
  if (!factor) {
    const c = Float64Array.from(sum, (x) => x / count);
    factor = choleskyReference(c, dMlp);
    factors.set(statistics, factor);
  }
  return factor;
}

/** C⁻¹ k for one key k [dMlp], in float64. */
export function solveCovariance(statistics: LayerStatistics, key: Float64Array): Float64Array {
  const factor = covarianceFactor(statistics);
  return choleskySolveReference(factor, statistics.dMlp, key, 1);
}
