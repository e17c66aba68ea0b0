import { architectureOf } from "../../engine/architecture/architectures.ts";
import { join } from "node:path";
import { type TableFact, parseFactTable } from "../../data/facts/factTable.ts";
import { isLowRank, type WeightDelta } from "../../data/delta/delta.ts";
import { writeDelta } from "../../data/delta/deltaFile.ts";
import { requestsOf } from "../../data/delta/provenance.ts";
import { writeNpz } from "../../data/archive/npz.ts";
import { adapterFiles } from "../../data/delta/peft.ts";
import type { Model } from "../../engine/Model.ts";
import { memit, type MemitEdit } from "../../methods/edit/memit/memit.ts";
import type { EditEvent } from "../../methods/edit/Editor.ts";
import type { MemitHyperparameters } from "../../methods/edit/memit/MemitHyperparameters.ts";
import type { ContextGroups } from "../../methods/edit/contextTemplates.ts";
import { groupContexts } from "../../methods/edit/memit/memitContexts.ts";
import { memitPreset } from "../../methods/edit/memit/memitPreset.ts";
import type { LayerStatistics } from "../../methods/statistics/statistics.ts";
import { fillTemplate } from "../../methods/prompt/subject.ts";
import { targetAnswers, type TargetAnswer } from "../../methods/score/targetAnswers.ts";
import type { Terminal } from "../Command.ts";
import { readBytes, readJson, writeBytes } from "../open/files.ts";
import { openModel, type OpenModel } from "../open/openModel.ts";
import { numberOption, numbersOption, required } from "../options.ts";
import { layerStatistics } from "../open/layerStatistics.ts";
import { statisticsFile } from "../open/statisticsFolder.ts";
import { percent, table } from "../table.ts";
import { valueFolder } from "../open/valueFolder.ts";

/** The options of an edit with MEMIT; what is not given is the model's preset. */
export const memitUsage =
  "edit --method memit --model M --facts F.json|F.csv [--layers 3,4,5] [--lambda X] [--stats DIR] [--steps N] [--clamp X] [--learning-rate X] [--weight-decay X] [--kl-factor X] [--contexts F.json] [--values DIR] [--seed N] [--out F.safetensors] [--peft DIR] [--report F.npz] [--json]";

/** What there is to tell of an edit with MEMIT. */
interface Told {
  model: Model;
  facts: TableFact[];
  made: MemitEdit;
  hyperparameters: MemitHyperparameters;
  seed: number;
  sources: Map<number, LayerStatistics>;
  before: TargetAnswer[];
  after: TargetAnswer[];
}

/** `palimpsest edit --method memit`: writes the facts of a table. */
export async function runMemit(given: Record<string, unknown>, terminal: Terminal): Promise<void> {
  const changes = memitChanges(given);
  const seed = numberOption(given, "seed", { min: 0, whole: true }) ?? 0;
  const path = required(given, "facts");
  const facts = parseFactTable(new TextDecoder().decode(await readBytes(path)), path);
  const opened = await openModel(given, terminal);
  const { model } = opened;
  const { settings: preset } = memitPreset(model.config);
  const hyperparameters = { ...preset, ...changes };
  const contexts = await readContextGroups(given.contexts as string | undefined);
  const sources = new Map<number, LayerStatistics>();
  const before = await targetAnswers(model, facts);
  const made = await memit(model, facts, hyperparameters, {
    seed,
    ...(contexts && { contexts }),
    statistics: (layer) =>
      neededStatistics(opened, layer, { folder: given.stats as string | undefined, sources }),
    ...(typeof given.values === "string" && { values: valueFolder(given.values) }),
    onEvent: progressOf(facts.length, terminal),
  });
  terminal.progress("");
  model.setDeltas(made.delta.weights);
  const after = await targetAnswers(model, facts);
  if (typeof given.out === "string") await writeBytes(given.out, writeDelta(made.delta));
  if (typeof given.report === "string") await writeBytes(given.report, report(made));
  if (typeof given.peft === "string")
    await writeAdapter(given.peft, { model, made, before, after });
  const told = { model, facts, made, hyperparameters, seed, sources, before, after };
  terminal.print(given.json ? JSON.stringify(summary(told)) : text(told));
}

/** A PEFT adapter whose check asks for the first fact. */
async function writeAdapter(
  folder: string,
  { model, made, before, after }: Pick<Told, "model" | "made" | "before" | "after">,
): Promise<void> {
  const { name } = model.config;
  const [{ prompt, subject, target }] = requestsOf(made.delta);
  const files = adapterFiles(made.delta, {
    fanInFanOut: architectureOf(model.config).stored === "inOut",
    baseModel: name,
    recipe: made.delta.provenance,
    check: {
      prompt: fillTemplate(prompt, subject).text,
      target,
      before: before[0].probability,
      after: after[0].probability,
    },
  });
  for (const [file, bytes] of Object.entries(files)) await writeBytes(join(folder, file), bytes);
}

/** The hyperparameters that the options name. */
export function memitChanges(given: Record<string, unknown>): Partial<MemitHyperparameters> {
  const numbers = {
    lambda: numberOption(given, "lambda", { min: 0 }),
    steps: numberOption(given, "steps", { min: 1, whole: true }),
    clamp: numberOption(given, "clamp", { min: 0 }),
    learningRate: numberOption(given, "learning-rate", { min: 0 }),
    weightDecay: numberOption(given, "weight-decay", { min: 0 }),
    klFactor: numberOption(given, "kl-factor", { min: 0 }),
    layers: numbersOption(given, "layers", { min: 0, whole: true }),
  };
  const named = Object.entries(numbers).filter(([, value]) => value !== undefined);
  return Object.fromEntries(named);
}

/** Context templates in a file, a list or a list of groups; undefined where no file is named. */
export async function readContextGroups(path?: string): Promise<ContextGroups | undefined> {
  if (path === undefined) return undefined;
  const list = await readJson(path);
  const texts = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((item) => typeof item === "string");
  if (!texts(list) && !(Array.isArray(list) && list.every(texts))) {
    throw new Error(`${path} is not a list of templates, [["{}"], ["Some words. {}", …]]`);
  }
  return groupContexts(list);
}

/**
 * The statistics of a layer from a folder of the authors' files, or those that the model ships.
 *
 * @throws where there are none: MEMIT has no form without C
 */
export async function neededStatistics(
  opened: OpenModel,
  layer: number,
  { folder, sources }: { folder: string | undefined; sources: Map<number, LayerStatistics> },
): Promise<LayerStatistics> {
  const { config } = opened.model;
  const path = folder === undefined ? undefined : await statisticsFile(folder, config, layer);
  const found = sources.get(layer) ?? (await layerStatistics(opened, layer, path));
  if (!found) {
    throw new Error(
      `${opened.model.config.name} has no statistics of layer ${layer}; make them with palimpsest stats and give their folder as --stats`,
    );
  }
  sources.set(layer, found);
  return found;
}

/** A line that says how far the edit is. */
export function progressOf(facts: number, terminal: Terminal): (event: EditEvent) => void {
  let found = 0;
  return (event) => {
    if (event.type === "found") found++;
    if (event.type === "layer")
      terminal.progress(`layer ${event.layer}: mean residual ${event.residual.toFixed(2)}`);
    else terminal.progress(`${found} of ${facts} facts found`);
  };
}

/** Per layer adj_k [dMlp, fact] and resid [dModel, fact], and z [dModel, fact], in float64. */
function report({ layers, states }: MemitEdit): Uint8Array {
  const facts = states.length;
  const matrix = (data: Float64Array) => ({
    shape: [data.length / facts, facts],
    dtype: "f8" as const,
    data,
  });
  const z = new Float64Array(facts * states[0].z.length);
  states.forEach((state, fact) => state.z.forEach((x, i) => (z[i * facts + fact] = x)));
  return writeNpz({
    ...Object.fromEntries(
      layers.flatMap(({ layer, adjK, resid }) => [
        [`${layer}.adj_k`, matrix(adjK)],
        [`${layer}.resid`, matrix(resid)],
      ]),
    ),
    z: matrix(z),
  });
}

const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** How many ranks a change has at most: that of its factors, or the smaller side of a dense one. */
const rankOf = ({ change }: WeightDelta) =>
  isLowRank(change) ? change.rank : Math.min(...change.shape);

function summary({ model, facts, made, hyperparameters, seed, sources, before, after }: Told) {
  return {
    model: model.config.name,
    method: "memit",
    hyperparameters,
    seed,
    contexts: made.contexts,
    layers: made.layers.map(({ layer, residual }, i) => ({
      layer,
      residual,
      relativeNorm: made.delta.weights[i].norm,
      rank: rankOf(made.delta.weights[i]),
      covariance: sources.get(layer)?.source,
    })),
    facts: facts.map(({ prompt, subject, target }, i) => ({
      prompt,
      subject,
      target,
      before: before[i],
      after: after[i],
      steps: made.states[i].steps.length,
    })),
    blockTokens: model.cost.blockTokens,
  };
}

function text({ facts, made, before, after }: Told): string {
  const part = (list: TargetAnswer[]) => list.filter(({ greedy }) => greedy).length / list.length;
  const p = (list: TargetAnswer[]) => mean(list.map(({ probability }) => probability));
  const rows = made.layers.map(({ layer, residual }, i) => [
    `${layer}`,
    residual.toFixed(3),
    made.delta.weights[i].norm!.toFixed(4),
    `${rankOf(made.delta.weights[i])}`,
  ]);
  return [
    `${facts.length} facts: mean p(target) ${percent(p(before))} before, ${percent(p(after))} after`,
    `the target is what greedy text says for ${percent(part(before))} before, ${percent(part(after))} after`,
    "",
    table([["layer", "mean residual", "‖ΔW‖/‖W‖", "rank"], ...rows]),
  ].join("\n");
}
