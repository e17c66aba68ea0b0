import { basename } from "node:path";
import { writeNpz } from "../data/npz.ts";
import { parseTexts } from "../data/texts.ts";
import { collectStatistics } from "../methods/statistics.ts";
import { statisticsNpz } from "../methods/statisticsFile.ts";
import type { Command, Terminal } from "./Command.ts";
import { readBytes, writeBytes } from "./files.ts";
import { openModel } from "./openModel.ts";
import { numberOption, parseOptions, required } from "./options.ts";
import { WrongCall } from "./WrongCall.ts";

/** `palimpsest stats`: the second moment of a layer's keys over a corpus. */
export const stats: Command = {
  usage: "stats --model M --layer L --text F [--samples N] --out F.npz [--json]",
  about: "The covariance statistics of a layer's keys over a corpus, in the authors' form.",
  run: runStats,
};

async function runStats(args: string[], terminal: Terminal): Promise<void> {
  const given = parseOptions(args, {
    model: { type: "string" },
    layer: { type: "string" },
    text: { type: "string" },
    samples: { type: "string" },
    out: { type: "string" },
    json: { type: "boolean" },
  });
  const name = required(given, "model");
  const layer = numberOption(given, "layer", { min: 0, whole: true });
  if (layer === undefined) throw new WrongCall("--layer is missing");
  const path = required(given, "text");
  const out = required(given, "out");
  const samples = numberOption(given, "samples", { min: 1, whole: true });
  const texts = parseTexts(new TextDecoder().decode(await readBytes(path)), path);
  const { model } = await openModel(name, terminal);
  const [found] = await collectStatistics(model, texts, {
    ...{ layers: [layer], source: basename(path) },
    ...(samples !== undefined && { samples }),
    onProgress: (done, total) => terminal.progress(`read ${done} of ${total} texts`),
  });
  terminal.progress("");
  await writeBytes(out, writeNpz(statisticsNpz(found)));
  const { count, dMlp, source } = found;
  const about = { model: model.config.name, layer, dMlp, count, source, out };
  terminal.print(
    given.json
      ? JSON.stringify({ ...about, texts: samples ?? texts.length })
      : `${out}: Σkkᵀ [${dMlp}, ${dMlp}] of layer ${layer} over ${count} tokens of ${source}`,
  );
}
