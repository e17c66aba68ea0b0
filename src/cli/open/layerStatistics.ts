import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { otherNumbers } from "../../data/identity/ModelIdentity.ts";
import { fillTemplate } from "../../data/facts/template.ts";
import { keyModule, shippedStatistics } from "../../methods/statistics/shippedStatistics.ts";
import type { LayerStatistics } from "../../methods/statistics/statistics.ts";
import { readStatistics } from "../../methods/statistics/statisticsFile.ts";
import { fileSource } from "./folderFiles.ts";
import type { OpenModel } from "./openModel.ts";
import { statisticsFile } from "./statisticsFolder.ts";

/**
 * Statistics of a layer: from a file (`{}` stands for the layer's number), from a folder with one file a layer under the
 * authors' names, or those that the model ships; undefined where it ships none.
 *
 * @throws one sentence when a file or a folder was named and does not have them
 */
export async function layerStatistics(
  { model, files, another }: OpenModel,
  layer: number,
  path?: string,
): Promise<LayerStatistics | undefined> {
  const { config } = model;
  if (path === undefined) return (await shippedStatistics(files, model, layer)).at(0);
  const file = (await isFolder(path))
    ? await statisticsFile(path, config, layer)
    : fillTemplate(path, String(layer));
  const about = {
    layer,
    source: basename(file),
    dMlp: config.dMlp,
    module: (of: number) => keyModule(config, of),
    what: file,
  };
  const found = await readStatistics(await fileSource(file), about);
  const differs = found.model && otherNumbers(found.model, model.identity);
  if (!differs) return found;
  if (another)
    return { ...found, source: `${found.source}, of ${found.model!.id} (another model)` };
  throw new Error(`${file}: ${differs}; --another-model takes them all the same`);
}

/** Whether it is a folder, or is nothing and has no file's name. */
async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? !/\{\}|\.npz$/.test(path);
}
