import { basename } from "node:path";
import { parseTexts } from "../../data/facts/texts.ts";
import type { LayerStatistics } from "../../methods/statistics/statistics.ts";
import { collectStatistics } from "../../methods/statistics/statistics.ts";
import { romeSweep, type SweepResult } from "../../studies/sweep.ts";
import { knownCases, readCases } from "../open/cases.ts";
import type { Command, Terminal } from "../Command.ts";
import { readBytes } from "../open/files.ts";
import { type OpenModel, openModel } from "../open/openModel.ts";
import { numberOption, numbersOption, parseOptions, required } from "../options.ts";
import { layerStatistics } from "../open/layerStatistics.ts";
import { romeHyperparameters, romeOptions, romeWishes } from "./romeSettings.ts";
import { percent, table } from "../table.ts";

/** `palimpsest sweep`: ROME's layer, steps and clamp, every combination over the cases of a file. */
export const sweep: Command = {
  usage:
    "sweep --model M --cases F.json [--limit N] [--layers 0,1,2] [--steps 20,40] [--clamps 4,10] [--learning-rate X] [--weight-decay X] [--kl-factor X] [--key-mode code|r-rome] [--stats F{}.npz | --text F [--samples N]] [--seed N] [--json]",
  about: "ROME's layer, steps and clamp: every combination over the cases that the model knows.",
  run: runSweep,
};

const { layer, clamp, contexts, identity, method, ...shared } = romeOptions;
const options = {
  ...shared,
  cases: { type: "string" },
  limit: { type: "string" },
  layers: { type: "string" },
  clamps: { type: "string" },
  text: { type: "string" },
  samples: { type: "string" },
} as const;

async function runSweep(args: string[], terminal: Terminal): Promise<void> {
  const given = parseOptions(args, options);
  const grid = {
    layers: numbersOption(given, "layers", { min: 0, whole: true }),
    steps: numbersOption(given, "steps", { min: 1, whole: true }),
    clamps: numbersOption(given, "clamps", { min: 0, whole: false }),
  };
  const wishes = romeWishes({ ...given, steps: undefined });
  const limit = numberOption(given, "limit", { min: 1, whole: true });
  const samples = numberOption(given, "samples", { min: 1, whole: true });
  required(given, "model");
  const cases = await readCases(required(given, "cases"));
  const opened = await openModel(given, terminal);
  const hyperparameters = romeHyperparameters(opened, wishes);
  const known = await knownCases(opened.model, cases, { limit, terminal });
  const statistics = given.text
    ? collected(opened, { path: given.text, samples, terminal })
    : read(opened, given.stats);
  const tried = {
    layers: grid.layers ?? [hyperparameters.layer],
    steps: grid.steps ?? [hyperparameters.steps],
    clamps: grid.clamps ?? [hyperparameters.clamp],
  };
  const results = await romeSweep(opened.model, known, tried, {
    hyperparameters,
    statistics,
    seed: wishes.seed,
    onSetting: (_, done, total) => terminal.progress(`setting ${done} of ${total}`),
  });
  terminal.progress("");
  terminal.print(
    given.json
      ? JSON.stringify({ model: opened.model.config.name, cases: known.length, results })
      : `${known.length} known cases, each edited alone\n\n${sweepTable(results)}`,
  );
}

/** Statistics from files or from what the model ships. */
function read(opened: OpenModel, path?: string) {
  return async (layer: number): Promise<LayerStatistics> => {
    const found = await layerStatistics(opened, layer, path);
    if (found) return found;
    throw new Error(
      `the statistics of layer ${layer} are missing; give --stats with {} for the layer's number, or --text to collect them`,
    );
  };
}

/** Statistics collected from a corpus, each layer once. */
function collected(
  { model }: OpenModel,
  { path, samples, terminal }: { path: string; samples: number | undefined; terminal: Terminal },
) {
  const kept = new Map<number, LayerStatistics>();
  return async (layer: number): Promise<LayerStatistics> => {
    const known = kept.get(layer);
    if (known) return known;
    const texts = parseTexts(new TextDecoder().decode(await readBytes(path)), { what: path });
    const [found] = await collectStatistics(model, texts, {
      layers: [layer],
      source: basename(path),
      ...(samples !== undefined && { samples }),
      onProgress: ({ texts: done, totalTexts }) =>
        terminal.progress(`layer ${layer}: ${done} of ${totalTexts} texts`),
    });
    kept.set(layer, found);
    return found;
  };
}

function sweepTable(results: SweepResult[]): string {
  const rows = results.map(({ layer, steps, clamp, summary, probability, relativeNorm }) => [
    `${layer}`,
    `${steps}`,
    `${clamp}`,
    ...(["ES", "PS", "NS", "EM", "PM", "NM"] as const).map((name) =>
      percent(summary.measures[name].mean),
    ),
    percent(summary.score),
    percent(probability),
    relativeNorm.toFixed(3),
  ]);
  const header = ["layer", "steps", "clamp", "ES", "PS", "NS", "EM", "PM", "NM", "S"];
  return table([[...header, "p(target)", "‖ΔW‖/‖W‖"], ...rows]);
}
