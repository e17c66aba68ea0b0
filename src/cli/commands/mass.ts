import type { Case } from "../../data/facts/facts.ts";
import { contextTemplates } from "../../methods/edit/contextTemplates.ts";
import { type MassEditor, type MassResult, massStudy } from "../../studies/massStudy.ts";
import { memit } from "../../methods/edit/memit/memit.ts";
import { memitContexts } from "../../methods/edit/memit/memitContexts.ts";
import { memitPreset } from "../../methods/edit/memit/memitPreset.ts";
import { romePreset } from "../../methods/edit/rome/romePreset.ts";
import { romeSequence } from "../../methods/edit/rome/romeSequence.ts";
import type { LayerStatistics } from "../../methods/statistics/statistics.ts";
import { fillTemplate } from "../../methods/prompt/subject.ts";
import { knownCases, readCases } from "../open/cases.ts";
import type { Command, Terminal } from "../Command.ts";
import { writeBytes } from "../open/files.ts";
import { memitChanges, neededStatistics } from "./memitEdit.ts";
import { modelOptions, openModel, type OpenModel } from "../open/openModel.ts";
import { numberOption, numbersOption, parseOptions, required } from "../options.ts";
import { percent, table } from "../table.ts";
import { valueFolder } from "../open/valueFolder.ts";
import { WrongCall } from "../WrongCall.ts";

/** `palimpsest mass`: how well many facts are written at once. */
export const mass: Command = {
  usage:
    "mass --model M --cases F.json [--counts 1,10,100,1000] [--methods memit,rome] [--sample N] [--all] [--stats DIR] [--layers 3,4,5] [--lambda X] [--steps N] [--clamp X] [--learning-rate X] [--values DIR] [--seed N] [--out F.json] [--json]",
  about:
    "Writes cases of a file that the model knows in groups, with MEMIT and with ROME in sequence, and scores them.",
  run: runMass,
};

const options = {
  ...modelOptions,
  cases: { type: "string" },
  counts: { type: "string" },
  methods: { type: "string" },
  sample: { type: "string" },
  stats: { type: "string" },
  layers: { type: "string" },
  lambda: { type: "string" },
  steps: { type: "string" },
  clamp: { type: "string" },
  "learning-rate": { type: "string" },
  "weight-decay": { type: "string" },
  "kl-factor": { type: "string" },
  values: { type: "string" },
  seed: { type: "string" },
  out: { type: "string" },
  all: { type: "boolean" },
  json: { type: "boolean" },
} as const;

/** How many true statements of cases that are not written make the neutral text. */
const NEUTRAL = 100;

async function runMass(args: string[], terminal: Terminal): Promise<void> {
  const given = parseOptions(args, options);
  const counts = numbersOption(given, "counts", { min: 1, whole: true }) ?? [1, 10, 100, 1000];
  const sample = numberOption(given, "sample", { min: 1, whole: true }) ?? 200;
  const methods = methodsOf(given.methods ?? "memit,rome");
  required(given, "model");
  const read = await readCases(required(given, "cases"));
  const opened = await openModel(given, terminal);
  const { cases, neutral } = await chooseCases(opened, read, {
    needed: Math.max(sample, ...counts),
    all: given.all === true,
    terminal,
  });
  const studies: { method: string; hyperparameters: unknown; results: MassResult[] }[] = [];
  for (const method of methods) {
    const { edit, hyperparameters } = await editors[method](opened, given);
    const results = await massStudy(opened.model, cases, edit, {
      counts,
      sample,
      neutral,
      onGroup: (count, done, total) =>
        terminal.progress(`${method}, ${count} at once: ${done} of ${total} cases`),
    });
    studies.push({ method, hyperparameters, results });
  }
  terminal.progress("");
  const found = JSON.stringify({ model: opened.model.config.name, onlyKnown: !given.all, studies });
  if (given.out) await writeBytes(given.out, found);
  terminal.print(given.json ? found : studiesTable(studies));
}

type Method = "memit" | "rome";

function methodsOf(text: string): Method[] {
  const list = text.split(",");
  const wrong = list.find((method) => !Object.hasOwn(editors, method));
  if (wrong !== undefined) throw new WrongCall(`invalid --methods: ${wrong} (memit, rome or both)`);
  return list as Method[];
}

/** The cases to write, each subject once, and true statements of others. */
export async function chooseCases(
  { model }: OpenModel,
  read: Case[],
  { needed, all, terminal }: { needed: number; all: boolean; terminal: Terminal },
): Promise<{ cases: Case[]; neutral: string[] }> {
  const single = [
    ...new Map(read.map((fact) => [`${fact.prompt}|${fact.subject}`, fact])).values(),
  ];
  const wanted = needed + NEUTRAL;
  const chosen = all
    ? single.slice(0, wanted)
    : await knownCases(model, single, { limit: wanted, terminal });
  const kept = Math.min(needed, chosen.length - Math.min(NEUTRAL, Math.floor(chosen.length / 2)));
  const statement = ({ prompt, subject, targetTrue }: Case) =>
    `${fillTemplate(prompt, subject).text} ${targetTrue}.`;
  return { cases: chosen.slice(0, kept), neutral: chosen.slice(kept).map(statement) };
}

type Given = ReturnType<typeof parseOptions<typeof options>>;

const editors: Record<
  Method,
  (opened: OpenModel, given: Given) => Promise<{ edit: MassEditor; hyperparameters: unknown }>
> = { memit: memitEditor, rome: romeEditor };

/** MEMIT; each case's z is searched for once, whatever groups it is in. */
async function memitEditor(opened: OpenModel, given: Given) {
  const { model } = opened;
  const { settings: preset } = memitPreset(model.config);
  const hyperparameters = { ...preset, ...memitChanges(given) };
  const seed = numberOption(given, "seed", { min: 0, whole: true }) ?? 0;
  const contexts = await memitContexts(model, { seed });
  const sources = new Map<number, LayerStatistics>();
  const statistics = (layer: number) =>
    neededStatistics(opened, layer, { folder: given.stats, sources });
  const values = given.values === undefined ? memoryValues() : valueFolder(given.values);
  const edit: MassEditor = async (facts) => {
    const how = { statistics, contexts, seed, values };
    const { delta, relativeNorm } = await memit(model, facts, hyperparameters, how);
    return { weights: delta.weights, relativeNorm };
  };
  return { edit, hyperparameters };
}

/** z's that live as long as the run. */
export function memoryValues() {
  const kept = new Map<string, Float32Array>();
  return {
    get: (name: string) => Promise.resolve(kept.get(name)),
    set: (name: string, z: Float32Array) => Promise.resolve(void kept.set(name, z)),
  };
}

/** ROME with the model's preset, one fact after the other. */
async function romeEditor(opened: OpenModel, given: Given) {
  const { model } = opened;
  const { settings: hyperparameters } = romePreset(model.config);
  const seed = numberOption(given, "seed", { min: 0, whole: true }) ?? 0;
  const contexts = await contextTemplates(model, hyperparameters.contextLengths, { seed });
  const sources = new Map<number, LayerStatistics>();
  const statistics = (layer: number) =>
    neededStatistics(opened, layer, { folder: given.stats, sources });
  const edit: MassEditor = async (facts) => {
    const how = { statistics, contexts, seed };
    const { delta, steps } = await romeSequence(model, facts, hyperparameters, how);
    const relativeNorm = Math.max(...steps.map((step) => step.relativeNorm));
    return { weights: delta.weights, relativeNorm };
  };
  return { edit, hyperparameters };
}

function studiesTable(studies: { method: string; results: MassResult[] }[]): string {
  const rows = studies.flatMap(({ method, results }) =>
    results.map(({ count, groups, before, after, ...rest }) => {
      const { ES, PS, NS } = after.measures;
      return [
        method,
        `${count}`,
        `${count * groups}`,
        percent(ES.mean),
        percent(PS.mean),
        `${percent(before.measures.NS.mean)} → ${percent(NS.mean)}`,
        percent(after.score),
        rest.relativeNorm.toFixed(2),
        `${rest.perplexityBefore.toFixed(2)} → ${rest.perplexity.toFixed(2)}`,
      ];
    }),
  );
  const head = ["method", "at once", "cases", "ES", "PS", "NS", "S", "‖ΔW‖/‖W‖", "perplexity"];
  return table([head, ...rows]);
}
