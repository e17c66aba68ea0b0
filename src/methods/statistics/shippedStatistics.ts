import type { ByteSource } from "../../data/archive/npzStream.ts";
import { mlpOut } from "../../engine/architecture/blockWeights.ts";
import { otherModel } from "../../data/identity/ModelIdentity.ts";
import type { Model } from "../../engine/Model.ts";
import type { ModelConfig } from "../../engine/architecture/config.ts";
import { weightName } from "../../engine/architecture/weightNames.ts";
import type { ModelFiles } from "../../engine/files/ModelFiles.ts";
import type { LayerStatistics } from "./statistics.ts";
import { readStatistics } from "./statisticsFile.ts";

/** The forms in which models ship statistics, with how many texts they were collected over; none is all of them. */
const FORMS = [
  "int16_mom2_8000",
  ...["_8000", "_2000", "_100000", ""].map((size) => `float32_mom2${size}`),
];

/** The module whose inputs the keys of a layer are, the MLP output matrix by its name in the checkpoint. */
export const keyModule = (config: ModelConfig, layer: number): string =>
  weightName(config, layer, mlpOut(config)).replace(/\.weight$/, "");

/**
 * The covariance statistics that lie beside a model's weights, under `stats/` by the authors' file
 * names; none where the model ships none for this layer.
 *
 * @throws where they say that they are of a model of other contents, as beside an edited copy
 */
export async function shippedStatistics(
  files: ModelFiles,
  { config, identity }: Pick<Model, "config" | "identity">,
  layer: number,
): Promise<LayerStatistics[]> {
  const path = await shippedPath(files, config, layer);
  if (path === undefined) return [];
  const about = { layer, source: "shipped with the model", dMlp: config.dMlp, what: path };
  const found = await readStatistics(await modelFileSource(files, path), about);
  const differs = found.model && otherModel(found.model, identity);
  // They are the model's own in every precision.
  if (!differs)
    return [{ ...found, model: found.model && { ...found.model, precision: undefined } }];
  throw new Error(
    `${path} of ${config.name} is not of its model: ${differs}; take it away, or import it`,
  );
}

/** Where a layer's statistics lie beside the weights; undefined where the model ships none. */
export async function shippedPath(
  files: ModelFiles,
  config: ModelConfig,
  layer: number,
): Promise<string | undefined> {
  for (const form of FORMS) {
    const path = `stats/${keyModule(config, layer)}_${form}.npz`;
    if (await files.has(path)) return path;
  }
  return undefined;
}

/** One of a model's files, by ranges; whole where nothing tells its size. */
async function modelFileSource(files: ModelFiles, path: string): Promise<ByteSource> {
  const size = await files.size(path);
  if (size !== undefined) return { size, read: (begin, end) => files.read(path, [begin, end]) };
  const bytes = await files.read(path);
  return { size: bytes.length, read: (begin, end) => Promise.resolve(bytes.subarray(begin, end)) };
}
