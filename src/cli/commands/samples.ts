import type { Case } from "../../data/facts/facts.ts";
import { massStudy } from "../../studies/massStudy.ts";
import { memit } from "../../methods/edit/memit/memit.ts";
import { memitContexts } from "../../methods/edit/memit/memitContexts.ts";
import { memitPreset } from "../../methods/edit/memit/memitPreset.ts";
import { collectStatistics, type LayerStatistics } from "../../methods/statistics/statistics.ts";
import { statisticsSpectrum } from "../../methods/statistics/statisticsSpectrum.ts";
import { fillTemplate } from "../../methods/prompt/subject.ts";
import { readCases } from "../open/cases.ts";
import type { Command, Terminal } from "../Command.ts";
import { writeBytes } from "../open/files.ts";
import { chooseCases, memoryValues } from "./mass.ts";
import { memitChanges } from "./memitEdit.ts";
import { modelOptions, openModel, type OpenModel } from "../open/openModel.ts";
import { numberOption, numbersOption, parseOptions, required } from "../options.ts";
import { type SamplePoint, samplesPlot } from "./samplesPlot.ts";
import { percent, table } from "../table.ts";

/** `palimpsest samples`: how many keys the covariance needs. */
export const samples: Command = {
  usage:
    "samples --model M --cases F.json [--multiples 1,2,3,5,10,20,50] [--count N] [--sample N] [--all] [--layers 3,4,5] [--lambda X] [--seed N] [--plot F.svg] [--out F.json] [--json]",
  about:
    "MEMIT with covariances of few keys, in multiples of dMlp: the cost in efficacy, paraphrase and neighbourhood.",
  run: runSamples,
};

const options = {
  ...modelOptions,
  cases: { type: "string" },
  multiples: { type: "string" },
  count: { type: "string" },
  sample: { type: "string" },
  all: { type: "boolean" },
  layers: { type: "string" },
  lambda: { type: "string" },
  seed: { type: "string" },
  plot: { type: "string" },
  out: { type: "string" },
  json: { type: "boolean" },
} as const;

async function runSamples(args: string[], terminal: Terminal): Promise<void> {
  const given = parseOptions(args, options);
  const multiples = numbersOption(given, "multiples", { min: 0, whole: false }) ?? [
    1, 2, 3, 5, 10, 20, 50,
  ];
  const count = numberOption(given, "count", { min: 1, whole: true }) ?? 10;
  const sample = numberOption(given, "sample", { min: 1, whole: true }) ?? 100;
  required(given, "model");
  const read = await readCases(required(given, "cases"));
  const opened = await openModel(given, terminal);
  const how = { needed: Math.max(count, sample), all: given.all === true, terminal };
  const { cases, neutral } = await chooseCases(opened, read, how);
  const { settings: preset } = memitPreset(opened.model.config);
  const trial: Trial = {
    cases,
    neutral,
    count,
    sample,
    texts: statements(read, cases),
    hyperparameters: { ...preset, ...memitChanges(given) },
    seed: numberOption(given, "seed", { min: 0, whole: true }) ?? 0,
    values: memoryValues(),
  };
  const points: SamplePoint[] = [];
  for (const multiple of multiples) {
    terminal.progress(`${multiple} × dMlp keys`);
    points.push(await tryMultiple(opened, multiple, trial));
  }
  terminal.progress("");
  const { config } = opened.model;
  if (given.plot) await writeBytes(given.plot, samplesPlot(points, { name: config.name, count }));
  const found = JSON.stringify({ model: config.name, dMlp: config.dMlp, count, points });
  if (given.out) await writeBytes(given.out, found);
  terminal.print(given.json ? found : pointsTable(points));
}

/** All that the multiples share. */
interface Trial {
  cases: Case[];
  neutral: string[];
  count: number;
  sample: number;
  texts: string[];
  hyperparameters: Parameters<typeof memit>[2];
  seed: number;
  values: ReturnType<typeof memoryValues>;
}

/** True sentences of the cases that are not written: prompts, and neighbours with their answer. */
function statements(read: Case[], written: Case[]): string[] {
  const used = new Set(written.map(({ subject }) => subject));
  return read
    .filter(({ subject }) => !used.has(subject))
    .flatMap(({ prompt, subject, targetTrue, neighbours }) =>
      [fillTemplate(prompt, subject).text, ...neighbours].map((text) => `${text} ${targetTrue}.`),
    );
}

async function tryMultiple(
  { model }: OpenModel,
  multiple: number,
  trial: Trial,
): Promise<SamplePoint> {
  const { cases, neutral, count, sample, texts, hyperparameters, seed, values } = trial;
  const collected = await collectStatistics(model, texts, {
    layers: hyperparameters.layers,
    source: "the cases' statements",
    tokens: Math.round(multiple * model.config.dMlp),
  });
  const keys = collected[0].count;
  const contexts = await memitContexts(model, { seed });
  const statistics = (layer: number): Promise<LayerStatistics> =>
    Promise.resolve(collected.find((found) => found.layer === layer)!);
  const conditions: number[] = [];
  for (const found of collected) {
    const { conditionNumber } = await statisticsSpectrum(found, { thorough: true });
    conditions.push(conditionNumber!);
  }
  const about = { keys, multiple: keys / model.config.dMlp, condition: Math.max(...conditions) };
  try {
    const how = { statistics, contexts, seed, values };
    const [result] = await massStudy(
      model,
      cases,
      async (facts) => {
        const { delta, relativeNorm } = await memit(model, facts, hyperparameters, how);
        return { weights: delta.weights, relativeNorm };
      },
      { counts: [count], sample, neutral },
    );
    const { ES, PS, NS } = result.after.measures;
    const scores = { ES: ES.mean, PS: PS.mean, NS: NS.mean, S: result.after.score };
    return { ...about, scores, before: { NS: result.before.measures.NS.mean } };
  } catch (error) {
    return { ...about, failure: (error as Error).message };
  }
}

function pointsTable(points: SamplePoint[]): string {
  const rows = points.map(({ keys, multiple, condition, scores }) => [
    multiple.toFixed(1),
    `${keys}`,
    condition.toPrecision(2),
    ...(scores ? [scores.ES, scores.PS, scores.NS, scores.S].map(percent) : ["–", "–", "–", "–"]),
  ]);
  const failures = points.flatMap(({ keys, failure }) =>
    failure === undefined ? [] : [`${keys} keys: ${failure}`],
  );
  const head = ["keys / dMlp", "keys", "condition", "ES", "PS", "NS", "S"];
  return [table([head, ...rows]), ...failures].join("\n");
}
