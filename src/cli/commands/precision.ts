import { join } from "node:path";
import type { Case } from "../../data/facts/facts.ts";
import { parseTexts } from "../../data/facts/texts.ts";
import { Model } from "../../engine/Model.ts";
import { type Precision, precisions as allPrecisions } from "../../engine/checkpoint/precision.ts";
import {
  type PrecisionPlan,
  type PrecisionResult,
  precisionStudy,
  type Statement,
} from "../../studies/precisionStudy.ts";
import { romePreset } from "../../methods/edit/rome/romePreset.ts";
import { pythonShuffle } from "../../methods/random/pythonRandom.ts";
import { fillTemplate } from "../../methods/prompt/subject.ts";
import { knownCases, readCases } from "../open/cases.ts";
import type { Command, Terminal } from "../Command.ts";
import { readBytes } from "../open/files.ts";
import { layerStatistics } from "../open/layerStatistics.ts";
import { modelFiles } from "../open/openModel.ts";
import { nodeRuntime } from "../open/nodeRuntime.ts";
import { numberOption, parseOptions, required } from "../options.ts";
import { percent, table } from "../table.ts";
import { WrongCall } from "../WrongCall.ts";

/** `palimpsest precision`: what fewer bits a weight cost. */
export const precision: Command = {
  usage:
    "precision --model M --cases F.json [--precisions f32,f16,q8,q4] [--sentences F.txt] [--count 1000] [--traces 50] [--limit 100] [--stats F.npz] [--seed N] [--json]",
  about:
    "What f16, q8 and q4 weights change: KL to f32, facts recalled, state traces, ROME's efficacy, bytes.",
  run: runPrecision,
};

const options = {
  model: { type: "string" },
  cases: { type: "string" },
  precisions: { type: "string" },
  sentences: { type: "string" },
  count: { type: "string" },
  traces: { type: "string" },
  limit: { type: "string" },
  stats: { type: "string" },
  seed: { type: "string" },
  json: { type: "boolean" },
} as const;

async function runPrecision(args: string[], terminal: Terminal): Promise<void> {
  const given = parseOptions(args, options);
  const wanted = chosenPrecisions(given.precisions);
  const whole = { min: 1, whole: true };
  const numbers = {
    count: numberOption(given, "count", whole) ?? 1000,
    traces: numberOption(given, "traces", whole) ?? 50,
    limit: numberOption(given, "limit", whole) ?? 100,
    seed: numberOption(given, "seed", { min: 0, whole: true }) ?? 0,
  };
  const name = required(given, "model");
  const files = await modelFiles(name, terminal.root, terminal);
  const cases = await readCases(required(given, "cases"));
  const load = (one: Precision) => Model.load(nodeRuntime(), files, { precision: one });
  const model = await load("f32");
  const plan = await planOf({ model, files }, { ...given, ...numbers, cases, terminal }).finally(
    () => model.dispose(),
  );
  const results = await precisionStudy(load, wanted, plan, {
    onProgress: (what) => terminal.progress(what),
    onResult: (result) => terminal.note(cells(result).join("  ")),
  });
  terminal.progress("");
  terminal.print(
    given.json
      ? JSON.stringify({ model: name, seed: plan.seed, results })
      : report(results, plan, name),
  );
}

function chosenPrecisions(list: string | undefined): Precision[] {
  if (list === undefined) return [...allPrecisions];
  return list.split(",").map((word) => {
    const found = allPrecisions.find((one) => one === word);
    if (found) return found;
    throw new WrongCall(`invalid --precisions: ${word} (of ${allPrecisions.join(", ")})`);
  });
}

interface PlanOptions {
  cases: Case[];
  sentences?: string | undefined;
  stats?: string | undefined;
  count: number;
  traces: number;
  limit: number;
  seed: number;
  terminal: Terminal;
}

/** The facts of the cases and of the page, a sample of sentences, and the cases that float32 knows. */
async function planOf(
  opened: Parameters<typeof layerStatistics>[0],
  { cases, sentences, stats, count, traces, limit, seed, terminal }: PlanOptions,
): Promise<PrecisionPlan> {
  const { model } = opened;
  const own = await readCases(join(terminal.root, "public", "facts.json"));
  const facts = [...own, ...cases].map(statement);
  const { settings: hyperparameters } = romePreset(model.config);
  const statistics = await layerStatistics(opened, hyperparameters.layer, stats);
  if (!statistics) {
    const missing = `${model.config.name} has no statistics of layer ${hyperparameters.layer}`;
    terminal.note(`${missing}: no fact is edited; give --stats`);
  }
  const known = statistics ? await knownCases(model, cases, { limit, terminal }) : [];
  return {
    facts: shuffled(facts, seed),
    traces,
    cases: known,
    hyperparameters,
    seed,
    sentences: shuffled(sentences ? await readSentences(sentences) : facts.map(said), seed).slice(
      0,
      count,
    ),
    ...(statistics && { statistics }),
  };
}

const statement = ({ prompt, subject, targetTrue }: Case): Statement => ({
  prompt: fillTemplate(prompt, subject).text,
  subject,
  target: targetTrue,
});

const said = ({ prompt, target }: Statement): string => `${prompt} ${target}.`;

async function readSentences(path: string): Promise<string[]> {
  return parseTexts(new TextDecoder().decode(await readBytes(path)), { what: path });
}

const shuffled = <T>(list: T[], seed: number): T[] =>
  pythonShuffle(list.length, seed).map((i) => list[i]);

function report(results: PrecisionResult[], plan: PrecisionPlan, model: string): string {
  const [{ tokens, facts, traces, edits }] = results;
  const about = [
    `${model}: ${plan.sentences.length} sentences of ${tokens} tokens`,
    `${facts.known} of ${facts.all} facts recalled at f32`,
    `${traces.count} state traces`,
    `${edits?.cases ?? 0} facts written with ROME, each alone`,
  ];
  const head = ["weights", "MB", "KL(f32 ‖ ·)", "same top 1", "recalled", "lost", "r of traces"];
  const rows = results.map(cells);
  return `${about.join(", ")}\n\n${table([[...head, "ES", "PS", "NS", "S"], ...rows])}`;
}

function cells(result: PrecisionResult): string[] {
  return [
    result.precision,
    (result.bytes / 1e6).toFixed(1),
    result.kl.toExponential(1),
    percent(result.sameTop),
    `${result.facts.recalled}`,
    lost(result),
    result.traces.correlation.toFixed(4),
    ...(["ES", "PS", "NS"] as const).map((letters) =>
      result.edits ? percent(result.edits.measures[letters].mean) : "–",
    ),
    result.edits ? percent(result.edits.score) : "–",
  ];
}

/** Small shares matter here: two decimals. */
const lost = ({ facts }: PrecisionResult) =>
  `${facts.lost} (${((100 * facts.lost) / facts.known).toFixed(2)} %)`;
