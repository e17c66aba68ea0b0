import type { Gpu } from "../../../kernels/device/Gpu.ts";
import { solveCovariance } from "../../statistics/covarianceFactor.ts";
import { norm } from "../norm.ts";
import type { LayerStatistics } from "../../statistics/statistics.ts";

/**
 * ROME's left vector u [dMlp] (METHODS 4.4): C⁻¹ k̄, scaled to length one.
 *
 * @param key k̄ [dMlp], the mean key of the subject over the contexts
 * @param statistics C; without it C is the identity and u = k̄ / ‖k̄‖ (covariance "I")
 * @param gpu where C is factorised; without it on the CPU in float64
 */
export async function leftVector(
  key: Float64Array,
  statistics?: LayerStatistics,
  gpu?: Gpu,
): Promise<Float64Array> {
  const u = statistics ? await solveCovariance(statistics, key, gpu) : key;
  const length = norm(u);
  return u.map((x) => x / length);
}
