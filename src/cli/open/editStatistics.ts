import type { LayerStatistics } from "../../methods/statistics/statistics.ts";
import { layerStatistics } from "./layerStatistics.ts";
import type { OpenModel } from "./openModel.ts";

/**
 * The statistics that an edit reads, each layer once: from `--stats`, or those that the model ships.
 *
 * @param path a file of one layer, a file name with `{}` for the layer's number, or a folder
 */
export function editStatistics(opened: OpenModel, path?: string) {
  const read = new Map<number, LayerStatistics>();
  return async (layer: number): Promise<LayerStatistics> => {
    const [other] = read.keys();
    if (path?.endsWith(".npz") && !path.includes("{}") && (other ?? layer) !== layer) {
      throw new Error(
        `${path} is of one layer, but layers ${other} and ${layer} are read; give F{}.npz, {} being the layer, or a folder`,
      );
    }
    const found = read.get(layer) ?? (await layerStatistics(opened, layer, path));
    if (!found) {
      throw new Error(
        `${opened.model.config.name} has no statistics of layer ${layer}; make them with palimpsest stats and give them as --stats, or say --identity where the method can do without`,
      );
    }
    read.set(layer, found);
    return found;
  };
}
