import { readNpz } from "../data/npz.ts";
import type { ModelConfig } from "../engine/config.ts";
import type { ModelFiles } from "../engine/ModelFiles.ts";
import type { LayerStatistics } from "./statistics.ts";
import { readStatistics } from "./statisticsFile.ts";

/** How many texts the statistics that ship with a model were collected over; "" is all of them. */
const SAMPLE_SIZES = ["_8000", "_2000", "_100000", ""];

/**
 * The covariance statistics that lie beside a model's weights, under `stats/` by the authors' file
 * names; none where the model ships none for this layer.
 */
export async function shippedStatistics(
  files: ModelFiles,
  config: ModelConfig,
  layer: number,
): Promise<LayerStatistics[]> {
  const module = config.architecture === "gptj" ? "fc_out" : "c_proj";
  for (const size of SAMPLE_SIZES) {
    const path = `stats/transformer.h.${layer}.mlp.${module}_float32_mom2${size}.npz`;
    if (!(await files.has(path))) continue;
    const arrays = readNpz(await files.read(path), { what: path });
    return [readStatistics(arrays, { layer, source: "shipped with the model" })];
  }
  return [];
}
