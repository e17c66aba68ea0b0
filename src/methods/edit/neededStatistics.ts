import type { Model } from "../../engine/Model.ts";
import type { LayerStatistics } from "../statistics/statistics.ts";
import { checkStatisticsFit } from "../statistics/statisticsFit.ts";

/**
 * The statistics of a layer that an editor cannot do without.
 *
 * @throws one sentence where there are none, or those of another layer or model
 */
export async function neededStatistics(
  model: Model,
  layer: number,
  statistics: (layer: number) => Promise<LayerStatistics | undefined>,
): Promise<LayerStatistics> {
  const found = await statistics(layer);
  if (found) return checkStatisticsFit(model, layer, found);
  throw new Error(
    `the statistics of layer ${layer} are missing; collect or import them, or choose the identity as covariance where the method can do without`,
  );
}
