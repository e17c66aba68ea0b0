import type { LayerStatistics } from "../../methods/statistics/statistics.ts";
import { recentStatistics } from "../../studies/Editing.ts";
import { layerStatistics } from "./layerStatistics.ts";
import type { OpenModel } from "./openModel.ts";

/**
 * The statistics that an edit reads, each layer once: from `--stats`, or those that the model ships.
 *
 * @param path a file of one layer, a file name with `{}` for the layer's number, or a folder
 * @param most how many layers' are kept at once
 */
export function editStatistics(opened: OpenModel, path?: string, most = Infinity) {
  let first: number | undefined;
  return recentStatistics(async (layer): Promise<LayerStatistics> => {
    const { name, layers } = opened.model.config;
    if (layer >= layers) throw new Error(`invalid layer: ${layer} (${name} has 0–${layers - 1})`);
    first ??= layer;
    if (path?.endsWith(".npz") && !path.includes("{}") && first !== layer) {
      throw new Error(
        `${path} is of one layer, but layers ${first} and ${layer} are read; give F{}.npz, {} being the layer, or a folder`,
      );
    }
    const found = await layerStatistics(opened, layer, path);
    if (found) return found;
    throw new Error(
      `${name} has no statistics of layer ${layer}; make them with palimpsest stats and give them as --stats, or say --identity where the method can do without`,
    );
  }, most);
}
