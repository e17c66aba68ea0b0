import type { MemitHyperparameters } from "../../methods/edit/memit/MemitHyperparameters.ts";
import type { LayerStatistics } from "../../methods/statistics/statistics.ts";
import { layerStatistics } from "../open/layerStatistics.ts";
import type { OpenModel } from "../open/openModel.ts";
import { statisticsFile } from "../open/statisticsFolder.ts";
import { numberOption, numbersOption } from "../options.ts";

/** The hyperparameters that the options name. */
export function memitChanges(given: Record<string, unknown>): Partial<MemitHyperparameters> {
  const numbers = {
    lambda: numberOption(given, "lambda", { min: 0 }),
    steps: numberOption(given, "steps", { min: 1, whole: true }),
    clamp: numberOption(given, "clamp", { min: 0 }),
    learningRate: numberOption(given, "learning-rate", { min: 0 }),
    weightDecay: numberOption(given, "weight-decay", { min: 0 }),
    klFactor: numberOption(given, "kl-factor", { min: 0 }),
    layers: numbersOption(given, "layers", { min: 0, whole: true }),
  };
  const named = Object.entries(numbers).filter(([, value]) => value !== undefined);
  return Object.fromEntries(named);
}

/**
 * The statistics of a layer from a folder of the authors' files, or those that the model ships.
 *
 * @throws where there are none: MEMIT has no form without C
 */
export async function neededStatistics(
  opened: OpenModel,
  layer: number,
  { folder, sources }: { folder: string | undefined; sources: Map<number, LayerStatistics> },
): Promise<LayerStatistics> {
  const path =
    folder === undefined ? undefined : await statisticsFile(folder, opened.model.config, layer);
  const found = sources.get(layer) ?? (await layerStatistics(opened, layer, path));
  if (!found) {
    throw new Error(
      `${opened.model.config.name} has no statistics of layer ${layer}; make them with palimpsest stats and give their folder as --stats`,
    );
  }
  sources.set(layer, found);
  return found;
}
