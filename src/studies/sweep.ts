import type { Stoppable } from "../engine/runtime/Stoppable.ts";
import type { Case } from "../data/facts/facts.ts";
import type { Model } from "../engine/Model.ts";
import { contextTemplates } from "../methods/edit/contextTemplates.ts";
import { rome } from "../methods/edit/rome/rome.ts";
import type { RomeHyperparameters } from "../methods/edit/rome/RomeHyperparameters.ts";
import { scoreCase, summarise, type CaseScore, type Summary } from "../methods/score/score.ts";
import type { LayerStatistics } from "../methods/statistics/statistics.ts";

/** The settings that a sweep tries: every combination. */
export interface SweepGrid {
  layers: number[];
  steps: number[];
  clamps: number[];
}

/** How one setting did over all cases, each edited alone. */
export interface SweepResult {
  layer: number;
  steps: number;
  clamp: number;
  /** After the edit. */
  summary: Summary;
  /** Mean final p(target) of the optimisation, and mean ‖ΔW‖/‖W‖. */
  probability: number;
  relativeNorm: number;
}

/** Options of {@link romeSweep}. */
export interface SweepOptions extends Stoppable {
  /** All that the grid does not vary. */
  hyperparameters: RomeHyperparameters;
  statistics: (layer: number) => Promise<LayerStatistics>;
  seed: number;
  onSetting?: (result: SweepResult, done: number, total: number) => void;
}

/**
 * Edits every case alone with ROME under every setting of the grid and scores it (METHODS 4.7, 7.3). The
 * model ends with no active delta.
 *
 * @returns one result per setting, in the grid's order
 */
export async function romeSweep(
  model: Model,
  cases: Case[],
  grid: SweepGrid,
  options: SweepOptions,
): Promise<SweepResult[]> {
  const settings = grid.layers.flatMap((layer) =>
    grid.steps.flatMap((steps) => grid.clamps.map((clamp) => ({ layer, steps, clamp }))),
  );
  model.setDeltas([]);
  const { hyperparameters, seed, signal } = options;
  const contexts = await contextTemplates(model, hyperparameters.contextLengths, {
    seed,
    signal,
  });
  const results: SweepResult[] = [];
  let statistics: LayerStatistics | undefined;
  for (const setting of settings) {
    // The same object for all settings of a layer: the factor of C is kept with it.
    if (statistics?.layer !== setting.layer) statistics = await options.statistics(setting.layer);
    const trial = { setting, statistics, contexts, options };
    results.push(await trySetting(model, cases, trial));
    options.onSetting?.(results[results.length - 1], results.length, settings.length);
  }
  return results;
}

async function trySetting(
  model: Model,
  cases: Case[],
  trial: {
    setting: { layer: number; steps: number; clamp: number };
    statistics: LayerStatistics;
    contexts: string[];
    options: SweepOptions;
  },
): Promise<SweepResult> {
  const { setting, statistics, contexts, options } = trial;
  const hyperparameters = { ...options.hyperparameters, ...setting };
  const edited: { score: CaseScore; probability: number; relativeNorm: number }[] = [];
  for (const fact of cases) {
    options.signal?.throwIfAborted();
    edited.push(
      await editAndScore(model, fact, { hyperparameters, statistics, contexts, options }),
    );
  }
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  return {
    ...setting,
    summary: summarise(edited.map(({ score }) => score)),
    probability: mean(edited.map(({ probability }) => probability)),
    relativeNorm: mean(edited.map(({ relativeNorm }) => relativeNorm)),
  };
}

async function editAndScore(
  model: Model,
  fact: Case,
  how: {
    hyperparameters: RomeHyperparameters;
    statistics: LayerStatistics;
    contexts: string[];
    options: SweepOptions;
  },
): Promise<{ score: CaseScore; probability: number; relativeNorm: number }> {
  const { hyperparameters, statistics, contexts, options } = how;
  const request = { prompt: fact.prompt, subject: fact.subject, target: fact.targetNew };
  const { delta, steps, relativeNorm } = await rome(model, request, hyperparameters, {
    statistics,
    contexts,
    seed: options.seed,
    signal: options.signal,
  });
  try {
    model.setDeltas(delta.weights);
    const score = await scoreCase(model, fact, { signal: options.signal });
    return { score, probability: steps[steps.length - 1].probability, relativeNorm };
  } finally {
    model.setDeltas([]);
  }
}
