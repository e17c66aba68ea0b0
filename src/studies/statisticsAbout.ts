import { editorOf } from "../methods/edit/editors.ts";
import type { LayerStatistics } from "../methods/statistics/statistics.ts";
import { statisticsDigest } from "../methods/statistics/statisticsDigest.ts";
import type { Study } from "./Study.ts";
import type { StudyAbout } from "./StudyAbout.ts";

/** Digits of a digest: enough that no two are the same, few enough to read. */
const DIGITS = 16;

/**
 * What the record of a study says of the covariances that it reads: a digest of each by its layer, so that rows of page and
 * terminal go together where these are the same, whatever they are called.
 *
 * @param of C of a layer; a layer without one is said to have none
 */
export async function statisticsAbout(
  study: Pick<Study, "editors" | "tries">,
  about: Pick<StudyAbout, "settings" | "methods">,
  of: (layer: number) => Promise<LayerStatistics | undefined>,
): Promise<string> {
  const tried = study.tries?.(about) ?? (study.editors ? about.methods : []);
  const read = tried.flatMap(({ name, settings }) => editorOf(name).statistics(settings));
  const layers = [...new Set(read)].sort((a, b) => a - b);
  const said: string[] = [];
  for (const layer of layers) {
    const found = await of(layer).catch(() => undefined);
    const digest = found && (await statisticsDigest(found)).slice(0, DIGITS);
    said.push(`layer ${layer}: ${digest ?? "none"}`);
  }
  return said.length > 0 ? said.join(", ") : "none are read";
}
