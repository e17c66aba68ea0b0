import { architectureOf } from "../../engine/architecture/architectures.ts";
import { join } from "node:path";
import { writeDelta } from "../../data/delta/deltaFile.ts";
import { writeNpz } from "../../data/archive/npz.ts";
import { adapterFiles } from "../../data/delta/peft.ts";
import { writeRecipe } from "../../data/delta/recipe.ts";
import type { Model } from "../../engine/Model.ts";
import type { EditRequest } from "../../methods/edit/editRequest.ts";
import { rome, type RomeEdit } from "../../methods/edit/rome/rome.ts";
import type { RomeHyperparameters } from "../../methods/edit/rome/RomeHyperparameters.ts";
import type { LayerStatistics } from "../../methods/statistics/statistics.ts";
import { fillTemplate } from "../../methods/prompt/subject.ts";
import { targetLikelihoods } from "../../methods/score/targetLikelihoods.ts";
import type { Command, Terminal } from "../Command.ts";
import { writeBytes } from "../open/files.ts";
import { openModel } from "../open/openModel.ts";
import { memitUsage, runMemit } from "./memitEdit.ts";
import { choiceOption, parseOptions, required } from "../options.ts";
import { readContexts, romeOptions, romeSettings, romeUsage, romeWishes } from "./romeSettings.ts";
import { percent } from "../table.ts";
import { WrongCall } from "../WrongCall.ts";

/** `palimpsest edit`: rewrites one fact, or many, and writes the change of the weights. */
export const edit: Command = {
  usage: `edit --method rome --model M --prompt P --subject S --target T ${romeUsage} [--out F.safetensors] [--peft DIR] [--report F.npz] [--json]\n  ${memitUsage}`,
  about:
    "Rewrites one fact with ROME, or a table of facts with MEMIT, and writes the change of the weights.",
  run: runEdit,
};

const ownOptions = {
  prompt: { type: "string" },
  subject: { type: "string" },
  target: { type: "string" },
  facts: { type: "string" },
  layers: { type: "string" },
  lambda: { type: "string" },
  values: { type: "string" },
  out: { type: "string" },
  peft: { type: "string" },
  report: { type: "string" },
} as const;

const romeOnly = ["prompt", "subject", "target", "layer", "key-mode", "identity"] as const;

/** Throws where an option was given that the method does not have. */
function refuse(given: Record<string, unknown>, method: string, names: readonly string[]): void {
  const found = names.find((name) => given[name] !== undefined);
  if (found) throw new WrongCall(`--${found} does not go with --method ${method}`);
}

/** An edit with what is needed to tell of it. */
interface Edited {
  model: Model;
  made: RomeEdit;
  hyperparameters: RomeHyperparameters;
  statistics?: LayerStatistics;
  seed: number;
  /** p(target) after the prompt: the joint probability of its tokens. */
  before: number;
  after: number;
}

async function runEdit(args: string[], terminal: Terminal): Promise<void> {
  const given = parseOptions(args, { ...romeOptions, ...ownOptions });
  if (choiceOption(given, "method", ["rome", "memit"]) === "memit") {
    refuse(given, "memit", [...romeOnly]);
    return runMemit(given, terminal);
  }
  refuse(given, "rome", ["facts", "layers", "lambda", "values"]);
  const wishes = romeWishes(given);
  const [prompt, subject, target] = ["prompt", "subject", "target"].map((n) => required(given, n));
  const opened = await openModel(given, terminal);
  const { model } = opened;
  const contexts = await readContexts(given.contexts);
  const settings = await romeSettings(opened, wishes, { stats: given.stats, terminal });
  const { hyperparameters, statistics } = settings;
  const made = await rome(model, { prompt, subject, target }, hyperparameters, {
    seed: wishes.seed,
    ...(statistics && { statistics }),
    ...(contexts && { contexts }),
    onStep: ({ step, loss, probability }) =>
      terminal.progress(`step ${step}: loss ${loss.toFixed(3)}, p(target) ${percent(probability)}`),
  });
  terminal.progress("");
  const edited = { ...settings, model, made, seed: wishes.seed, ...(await effect(model, made)) };
  if (given.out) await writeBytes(given.out, writeDelta(made.delta));
  if (given.peft) await writeAdapter(given.peft, edited);
  if (given.report) await writeBytes(given.report, report(made));
  terminal.print(given.json ? JSON.stringify(summary(edited)) : text(edited));
}

const requestOf = ({ delta }: RomeEdit): EditRequest => delta.provenance.request!;

/** p(target) without and with the edit. */
async function effect(model: Model, made: RomeEdit): Promise<{ before: number; after: number }> {
  const { prompt, subject, target } = requestOf(made);
  const { text: complete } = fillTemplate(prompt, subject);
  const probability = async () => {
    const [[{ nll, greedy }]] = await targetLikelihoods(model, [complete], [[target]]);
    return Math.exp(-nll * greedy.length);
  };
  const before = await probability();
  model.setDeltas(made.delta.weights);
  return { before, after: await probability() };
}

/** The vectors and the course of the optimisation, for comparison with other programs. */
function report({ u, v, vStar, steps }: RomeEdit): Uint8Array {
  const loss = Float64Array.from(steps, (step) => step.loss);
  return writeNpz({
    u: { shape: [u.length], dtype: "f4", data: u },
    v: { shape: [v.length], dtype: "f4", data: v },
    v_star: { shape: [vStar.length], dtype: "f4", data: vStar },
    loss: { shape: [loss.length], dtype: "f8", data: loss },
  });
}

async function writeAdapter(folder: string, edited: Edited): Promise<void> {
  const { model, made, hyperparameters, statistics, seed, before, after } = edited;
  const { name, revision } = model.config;
  const request = requestOf(made);
  const recipe = writeRecipe({
    app: made.delta.provenance.app,
    method: "rome",
    seed,
    request,
    model: { name, revision },
    contexts: made.contexts,
    hyperparameters: { ...hyperparameters },
    statistics: statistics
      ? { source: statistics.source, count: statistics.count, ...sampleSize(statistics) }
      : null,
  });
  const files = adapterFiles(made.delta, {
    fanInFanOut: architectureOf(model.config).stored === "inOut",
    baseModel: name,
    recipe: JSON.parse(recipe) as unknown,
    check: {
      prompt: fillTemplate(request.prompt, request.subject).text,
      target: request.target,
      before,
      after,
    },
  });
  for (const [file, bytes] of Object.entries(files)) await writeBytes(join(folder, file), bytes);
}

const sampleSize = ({ sampleSize }: LayerStatistics) =>
  sampleSize === undefined ? {} : { sampleSize };

function summary({ model, made, hyperparameters, statistics, seed, before, after }: Edited) {
  const { steps, relativeNorm, keyRatio, contexts } = made;
  return {
    model: model.config.name,
    method: "rome",
    layer: hyperparameters.layer,
    request: requestOf(made),
    before,
    after,
    relativeNorm,
    keyRatio,
    seed,
    covariance: statistics?.source ?? "none: C = I",
    hyperparameters,
    contexts,
    steps,
  };
}

function text({ made, hyperparameters, before, after }: Edited): string {
  const { steps, relativeNorm, keyRatio } = made;
  const { target } = requestOf(made);
  const last = steps[steps.length - 1];
  return [
    `layer ${hyperparameters.layer}: p(${JSON.stringify(target)}) ${percent(before)} before, ${percent(after)} after`,
    `${steps.length} losses, the last ${last.loss.toFixed(4)}; ‖ΔW‖/‖W‖ ${relativeNorm.toFixed(4)}`,
    ...(keyRatio < 0.5
      ? [
          `the bare key is far from the mean key (ratio ${keyRatio.toFixed(2)}): --key-mode r-rome may spare other facts`,
        ]
      : []),
  ].join("\n");
}
