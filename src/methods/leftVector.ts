import { solveCovariance } from "./covarianceFactor.ts";
import { norm } from "./norm.ts";
import type { LayerStatistics } from "./statistics.ts";

/**
 * ROME's left vector u [dMlp] (METHODS 4.4): C⁻¹ k̄, scaled to length one.
 *
 * @param key k̄ [dMlp], the mean key of the subject over the contexts
 * @param statistics C; without it C is the identity and u = k̄ / ‖k̄‖ (`mom2Adjustment` off)
 */
export function leftVector(key: Float64Array, statistics?: LayerStatistics): Float64Array {
  const u = statistics ? solveCovariance(statistics, key) : key;
  const length = norm(u);
  return u.map((x) => x / length);
}
