import type { OpenModel } from "../../src/cli/open/openModel.ts";
import { shippedStatistics } from "../../src/methods/statistics/shippedStatistics.ts";
import { statisticsSpectrum } from "../../src/methods/statistics/statisticsSpectrum.ts";

/** How well a layer's shipped statistics are determined. */
export interface LayerSpectrum {
  layer: number;
  count: number;
  effectiveRank: number;
  conditionNumber: number;
}

/** Of every layer whose statistics the model ships. */
export async function spectra({ model, files }: OpenModel): Promise<{ layers: LayerSpectrum[] }> {
  const layers: LayerSpectrum[] = [];
  for (let layer = 0; layer < model.config.layers; layer++) {
    for (const statistics of await shippedStatistics(files, model, layer)) {
      const found = await statisticsSpectrum(statistics, { thorough: true });
      const { effectiveRank, conditionNumber = NaN } = found;
      layers.push({ layer, count: statistics.count, effectiveRank, conditionNumber });
    }
  }
  return { layers };
}
