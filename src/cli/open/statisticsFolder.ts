import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ModelConfig } from "../../engine/architecture/config.ts";
import { keyModule } from "../../methods/statistics/shippedStatistics.ts";

/**
 * The file of a layer's statistics in a folder, under the authors' name (METHODS 3); of several the one of most texts.
 *
 * @throws one sentence: no such folder, or no such file in it
 */
export async function statisticsFile(
  folder: string,
  config: ModelConfig,
  layer: number,
): Promise<string> {
  const module = keyModule(config, layer);
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new Error(`${folder} is not a folder that can be read`, { cause });
  });
  const form = new RegExp(
    `^${module.replaceAll(".", "\\.")}_(?:float32|float64|int16)_mom2(?:_t\\d+)?(?:_(\\d+))?\\.npz$`,
  );
  const found = names
    .flatMap((name) => {
      const match = form.exec(name);
      return match ? [{ name, samples: Number(match[1] ?? Infinity) }] : [];
    })
    .sort((a, b) => b.samples - a.samples);
  if (found.length === 0) {
    throw new Error(
      `${folder} has no statistics of layer ${layer} (${module}_float32_mom2_100000.npz, say); make them with palimpsest stats`,
    );
  }
  return join(folder, found[0].name);
}
