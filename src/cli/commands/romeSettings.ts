import { checkContexts } from "../../methods/edit/contextTemplates.ts";
import { romePreset } from "../../methods/edit/rome/romePreset.ts";
import type { RomeHyperparameters } from "../../methods/edit/rome/RomeHyperparameters.ts";
import type { LayerStatistics } from "../../methods/statistics/statistics.ts";
import type { Terminal } from "../Command.ts";
import { readJson } from "../open/files.ts";
import { layerStatistics } from "../open/layerStatistics.ts";
import { modelOptions, type OpenModel } from "../open/openModel.ts";
import { choiceOption, numberOption } from "../options.ts";

/** The options of every command that edits with ROME; what is not given is the model's preset. */
export const romeOptions = {
  ...modelOptions,
  method: { type: "string" },
  layer: { type: "string" },
  steps: { type: "string" },
  clamp: { type: "string" },
  "learning-rate": { type: "string" },
  "weight-decay": { type: "string" },
  "kl-factor": { type: "string" },
  "key-mode": { type: "string" },
  stats: { type: "string" },
  identity: { type: "boolean" },
  contexts: { type: "string" },
  seed: { type: "string" },
  json: { type: "boolean" },
} as const;

/** Those options as a line of usage. */
export const romeUsage =
  "[--layer L] [--stats F.npz | --identity] [--steps N] [--clamp X] [--learning-rate X] [--weight-decay X] [--kl-factor X] [--key-mode code|r-rome] [--contexts F.json] [--seed N]";

/** What the options say: the numbers to put in the preset's place, and the seed. */
export interface RomeWishes {
  changes: Partial<RomeHyperparameters>;
  seed: number;
}

/**
 * Reads the options that set hyperparameters.
 *
 * @throws {WrongCall} for a number that cannot be
 */
export function romeWishes(given: Record<string, unknown>): RomeWishes {
  choiceOption(given, "method", ["rome"] as const);
  const whole = { min: 1, whole: true };
  const numbers = {
    layer: numberOption(given, "layer", { min: 0, whole: true }),
    steps: numberOption(given, "steps", whole),
    clamp: numberOption(given, "clamp", { min: 0 }),
    learningRate: numberOption(given, "learning-rate", { min: 0 }),
    weightDecay: numberOption(given, "weight-decay", { min: 0 }),
    klFactor: numberOption(given, "kl-factor", { min: 0 }),
  };
  const named = Object.entries(numbers).filter(([, value]) => value !== undefined);
  return {
    changes: {
      ...(Object.fromEntries(named) as Partial<RomeHyperparameters>),
      ...(given["key-mode"] !== undefined && {
        keyMode: choiceOption(given, "key-mode", ["code", "r-rome"]),
      }),
      ...(given.identity === true && { covariance: "I" }),
    },
    seed: numberOption(given, "seed", { min: 0, whole: true }) ?? 0,
  };
}

/** A model's preset with the wishes in it. */
export function romeHyperparameters(
  { model }: OpenModel,
  { changes }: RomeWishes,
): RomeHyperparameters {
  const { settings: preset } = romePreset(model.config);
  return { ...preset, ...changes };
}

/**
 * The templates in a file, to be used instead of sampled ones; undefined where no file is named.
 *
 * @throws when it is not a list of texts with one `{}` each
 */
export async function readContexts(path?: string): Promise<string[] | undefined> {
  if (path === undefined) return undefined;
  const list = await readJson(path);
  if (!Array.isArray(list) || !list.every((item) => typeof item === "string")) {
    throw new Error(`${path} is not a list of templates, ["{}", "Some words. {}", …]`);
  }
  return checkContexts(list);
}

/** Hyperparameters and statistics of one edit; C = I, said aloud, where there are no statistics at all. */
export async function romeSettings(
  opened: OpenModel,
  wishes: RomeWishes,
  { stats, terminal }: { stats: string | undefined; terminal: Terminal },
): Promise<{ hyperparameters: RomeHyperparameters; statistics?: LayerStatistics }> {
  const hyperparameters = romeHyperparameters(opened, wishes);
  if (hyperparameters.covariance === "I") return { hyperparameters };
  const { layer } = hyperparameters;
  const { name, layers } = opened.model.config;
  if (layer >= layers) throw new Error(`invalid layer: ${layer} (${name} has 0–${layers - 1})`);
  const statistics = await layerStatistics(opened, layer, stats);
  if (statistics) return { hyperparameters, statistics };
  terminal.note(
    `${name} has no statistics of layer ${layer}: C = I is used; give --stats (made by palimpsest stats) for ROME as published, or --identity to say that this is meant`,
  );
  return { hyperparameters: { ...hyperparameters, covariance: "I" } };
}
