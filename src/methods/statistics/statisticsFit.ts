import type { Model } from "../../engine/Model.ts";
import type { LayerStatistics } from "./statistics.ts";

/** The statistics themselves. @throws a sentence where they are not those of this layer of this model */
export function checkStatisticsFit(
  { config: { dMlp } }: Pick<Model, "config">,
  layer: number,
  statistics: LayerStatistics,
): LayerStatistics {
  if (statistics.dMlp === dMlp && statistics.layer === layer) return statistics;
  throw new Error(
    `the statistics are of layer ${statistics.layer} with dMlp ${statistics.dMlp}; layer ${layer} with dMlp ${dMlp} is edited, so collect or import those`,
  );
}
