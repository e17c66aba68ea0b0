import { basename, join } from "node:path";
import { readTexts, textForms, type TextForm } from "../../data/facts/texts.ts";
import { keyModule } from "../../methods/statistics/shippedStatistics.ts";
import {
  type CollectProgress,
  collectStatistics,
  type LayerStatistics,
} from "../../methods/statistics/statistics.ts";
import { statisticsPieces } from "../../methods/statistics/statisticsFile.ts";
import { statisticsSpectrum } from "../../methods/statistics/statisticsSpectrum.ts";
import type { Command, Terminal } from "../Command.ts";
import { inFolder } from "../files/FolderLock.ts";
import { tryFile, tryFolder } from "../files/tryOut.ts";
import { writeWhole } from "../files/writeWhole.ts";
import { FolderTotals } from "../open/FolderTotals.ts";
import { modelOptions, openModel } from "../open/openModel.ts";
import { choiceOption, numberOption, numbersOption, parseOptions, required } from "../options.ts";
import { textChunks } from "../open/textChunks.ts";
import { WrongCall } from "../WrongCall.ts";

/** `palimpsest stats`: the covariances of layers' keys over a corpus. */
export const stats: Command = {
  usage:
    "stats --model M --layers 3,4,5 --text F|URL [--samples N] [--tokens N] [--form wikitext|lines|paragraphs|json] [--checkpoint DIR] --out DIR|F.npz [--condition] [--json]",
  about:
    "The covariance statistics of layers' keys over a corpus, in the authors' form. --tokens stops after N keys; with --checkpoint a run that was stopped goes on.",
  run: runStats,
};

const options = {
  ...modelOptions,
  layer: { type: "string" },
  layers: { type: "string" },
  text: { type: "string" },
  samples: { type: "string" },
  tokens: { type: "string" },
  form: { type: "string" },
  checkpoint: { type: "string" },
  out: { type: "string" },
  condition: { type: "boolean" },
  json: { type: "boolean" },
} as const;

/** One layer's statistics, written. */
interface Written {
  layer: number;
  dMlp: number;
  count: number;
  source: string;
  effectiveRank: number;
  conditionNumber?: number;
  out: string;
}

async function runStats(args: string[], terminal: Terminal): Promise<void> {
  const given = parseOptions(args, options);
  required(given, "model");
  const layers = layersOf(given);
  const path = required(given, "text");
  const out = required(given, "out");
  if (out.endsWith(".npz") && layers.length > 1) {
    throw new WrongCall("several layers need a folder: give --out DIR");
  }
  const whole = { min: 1, whole: true };
  const samples = numberOption(given, "samples", whole);
  const tokens = numberOption(given, "tokens", whole);
  const form = formOf(given);
  await (out.endsWith(".npz") ? tryFile(out) : tryFolder(out));
  const job = { given, terminal, layers, path, out, samples, tokens, form };
  const { checkpoint } = given;
  await (checkpoint ? inFolder(checkpoint, "stats", () => collect(job)) : collect(job));
}

/** What a command line asks for. */
interface Job {
  given: ReturnType<typeof parseOptions<typeof options>>;
  terminal: Terminal;
  layers: number[];
  path: string;
  out: string;
  samples: number | undefined;
  tokens: number | undefined;
  form: TextForm | undefined;
}

async function collect(job: Job): Promise<void> {
  const { given, terminal, layers, path, out, samples, tokens, form } = job;
  const texts = await readTexts(textChunks(path), { what: path, form });
  const { model } = await openModel(given, terminal);
  const totals = given.checkpoint ? new FolderTotals(given.checkpoint) : undefined;
  const gather = (signal?: AbortSignal) =>
    collectStatistics(model, texts, {
      signal,
      layers,
      source: basename(path),
      samples,
      tokens,
      totals,
      now: () => performance.now(),
      onProgress: (progress) => terminal.progress(line(progress)),
      onNotice: (sentence) => terminal.note(sentence),
    });
  // What a checkpoint can keep is kept before a signal ends it; without one it ends at once.
  const found = await ((totals && terminal.ending?.stoppable(gather)) ?? gather());
  terminal.progress("");
  const written: Written[] = [];
  for (const statistics of found) {
    const module = keyModule(model.config, statistics.layer);
    written.push(await write(statistics, { out, module, thorough: given.condition === true }));
  }
  await totals?.clear();
  const read = samples ?? texts.length;
  terminal.print(given.json ? json(written, model.config.name, read) : report(written));
}

/** `--layers 3,4,5`, or `--layer 3`. */
function layersOf(given: Record<string, unknown>): number[] {
  const limits = { min: 0, whole: true };
  const one = numberOption(given, "layer", limits);
  const layers = numbersOption(given, "layers", limits) ?? (one === undefined ? [] : [one]);
  if (layers.length === 0) throw new WrongCall("--layers is missing");
  return [...new Set(layers)];
}

function formOf(given: Record<string, unknown>): TextForm | undefined {
  if (given.form === undefined) return undefined;
  return choiceOption(given, "form", Object.keys(textForms) as TextForm[]);
}

function line(progress: CollectProgress): string {
  const { texts, totalTexts, tokens, tokensPerSecond, secondsLeft } = progress;
  const rate = tokensPerSecond ? `, ${Math.round(tokensPerSecond)} a second` : "";
  const left = secondsLeft === undefined ? "" : `, about ${Math.ceil(secondsLeft)} s left`;
  return `read ${texts} of ${totalTexts} texts: ${tokens} keys${rate}${left}`;
}

/** Writes one layer's file, piece by piece: a matrix of GPT-J is a gigabyte. */
async function write(
  statistics: LayerStatistics,
  { out, module, thorough }: { out: string; module: string; thorough: boolean },
): Promise<Written> {
  const { layer, dMlp, count, source, sampleSize } = statistics;
  const size = sampleSize === undefined ? "" : `_${sampleSize}`;
  const path = out.endsWith(".npz") ? out : join(out, `${module}_float32_mom2${size}.npz`);
  await writeWhole(path, statisticsPieces(statistics));
  const spectrum = await statisticsSpectrum(statistics, { thorough });
  return { layer, dMlp, count, source, ...spectrum, out: path };
}

/** As before where there is one layer, with all under `layers`. */
function json(written: Written[], model: string, texts: number): string {
  const [first] = written;
  return JSON.stringify({ model, ...first, texts, layers: written });
}

const report = (written: Written[]): string =>
  written
    .map(({ out, dMlp, layer, count, source, effectiveRank, conditionNumber }) => {
      const about = `${out}: Σkkᵀ [${dMlp}, ${dMlp}] of layer ${layer} over ${count} tokens of ${source}`;
      const rank = `effective rank ${effectiveRank.toFixed(1)}`;
      return `${about}\n  ${(count / dMlp).toFixed(1)} tokens per dimension, ${rank}, ${condition(conditionNumber)}`;
    })
    .join("\n");

const condition = (value: number | undefined): string =>
  value === undefined
    ? "condition number not computed (--condition takes minutes)"
    : Number.isFinite(value)
      ? `condition number ${value.toPrecision(3)}`
      : "not positive definite: too few tokens for an edit";
