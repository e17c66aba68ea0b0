import { basename } from "node:path";
import { parseTexts } from "../../data/facts/texts.ts";
import { collectStatistics, type LayerStatistics } from "../../methods/statistics/statistics.ts";
import { recentStatistics } from "../../studies/Editing.ts";
import type { Terminal } from "../Command.ts";
import { readBytes } from "../open/files.ts";
import { editStatistics } from "../open/editStatistics.ts";
import type { OpenModel } from "../open/openModel.ts";
import { numberOption } from "../options.ts";

/** C of a layer, read once; throws where there is none. */
type StudyStatistics = (layer: number) => Promise<LayerStatistics>;

/** Layers whose C is kept while others are read: a grid may go over all layers, and one C may take a gigabyte. */
const KEPT = 8;

/** Statistics from `--stats`, collected from `--text`, or those that the model ships. */
export function studyStatistics(
  opened: OpenModel,
  given: Record<string, unknown>,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal | undefined },
): StudyStatistics {
  const samples = numberOption(given, "samples", { min: 1, whole: true });
  const [stats, text] = [given.stats, given.text] as (string | undefined)[];
  if (text !== undefined) {
    return recentStatistics(collected(opened, { path: text, samples, terminal, signal }), KEPT);
  }
  return editStatistics(opened, stats, KEPT);
}

interface Collecting {
  path: string;
  samples: number | undefined;
  terminal: Terminal;
  signal: AbortSignal | undefined;
}

function collected({ model }: OpenModel, { path, samples, terminal, signal }: Collecting) {
  return async (layer: number): Promise<LayerStatistics> => {
    const texts = parseTexts(new TextDecoder().decode(await readBytes(path)), { what: path });
    const [found] = await collectStatistics(model, texts, {
      layers: [layer],
      source: basename(path),
      samples,
      signal,
      onProgress: ({ texts: done, totalTexts }) =>
        terminal.progress(`layer ${layer}: ${done} of ${totalTexts} texts`),
    });
    return found;
  };
}
