import type { Stoppable } from "../../../engine/runtime/Stoppable.ts";
import type { Delta, WeightDelta } from "../../../data/delta/delta.ts";
import type { Model } from "../../../engine/Model.ts";
import { contextTemplates } from "../contextTemplates.ts";
import type { EditRequest } from "../editRequest.ts";
import { perplexity } from "../../score/perplexity.ts";
import type { SearchGoal } from "../Objective.ts";
import { provenanceOf, usedStatistics } from "../provenance.ts";
import { rome, type RomeEdit } from "./rome.ts";
import type { RomeHyperparameters } from "./RomeHyperparameters.ts";
import type { ValueStep } from "../search/valueSearch.ts";
import type { LayerStatistics } from "../../statistics/statistics.ts";

/** One edit of a sequence. */
export interface SequenceStep {
  /** Which fact, from 0 in the order given. */
  fact: number;
  /** p(target) at the end of the search for v*, a mean over contexts. */
  probability: number;
  /** ‖ΔW‖ / ‖W‖ of this edit alone. */
  relativeNorm: number;
  /** Of the neutral text after this edit; absent where it was not measured. */
  perplexity?: number;
}

/** Options of {@link romeSequence}. */
export interface SequenceOptions extends Stoppable, SearchGoal {
  statistics: (layer: number) => Promise<LayerStatistics | undefined>;
  /** Templates with one `{}` each; sampled once, from the model before the first edit, where absent. */
  contexts?: string[] | undefined;
  seed: number;
  /** Texts that no edit is about. */
  neutral?: string[] | undefined;
  /** Their perplexity is measured after every so many edits, and after the last. Default 1. */
  every?: number | undefined;
  onStep?: (step: SequenceStep) => void;
  /** The neutral text's perplexity before the first edit. */
  onStart?: (perplexity: number) => void;
  /** Each look at the loss of a fact's search. */
  onSearch?: (fact: number, step: ValueStep) => void;
  /** Ends the sequence after the edit that is under way. */
  enough?: AbortSignal | undefined;
}

/** What a sequence of edits came to. */
export interface RomeSequence {
  /** All edits together, an entry each. */
  delta: Delta;
  /** One after the other, in the order of `written`. */
  edits: RomeEdit[];
  steps: SequenceStep[];
  /** Templates with one `{}` each, the same for all. */
  contexts: string[];
  /** Of the neutral text before the first edit. */
  perplexityBefore: number | undefined;
  /** The facts that were written. */
  written: number[];
}

/**
 * ROME on many facts in sequence, each on the model that has the ones before (METHODS 4.6), with the perplexity of
 * neutral text as it goes: many such edits on one matrix destroy a model, and the perplexity shows when. The model
 * itself stays unchanged; apply the delta to it.
 *
 * @throws one sentence for a fact, layer, hyperparameter or statistics that do not fit
 */
export async function romeSequence(
  model: Model,
  requests: EditRequest[],
  hyperparameters: RomeHyperparameters,
  options: SequenceOptions,
): Promise<RomeSequence> {
  if (requests.length === 0) throw new Error("the list of facts is empty; give at least one");
  const { seed, signal, neutral, enough } = options;
  const before = model.deltas;
  const perplexityBefore = neutral && (await perplexity(model, neutral, signal));
  if (perplexityBefore !== undefined) options.onStart?.(perplexityBefore);
  const contexts =
    options.contexts ??
    (await contextTemplates(model, hyperparameters.contextLengths, {
      seed,
      signal,
    }));
  const statistics =
    hyperparameters.covariance === "C"
      ? await options.statistics(hyperparameters.layer)
      : undefined;
  const how = { hyperparameters, contexts, statistics, options };
  const made: WeightDelta[] = [];
  const edits: RomeEdit[] = [];
  const steps: SequenceStep[] = [];
  try {
    for (let fact = 0; fact < requests.length && !enough?.aborted; fact++) {
      const edit = await editNext(model, requests, { ...how, fact });
      edits.push(edit);
      made.push(...edit.delta.weights);
      model.setDeltas([...before, ...made]);
      const last = fact === requests.length - 1;
      const { probability } = edit.steps[edit.steps.length - 1];
      const found = { fact, probability, relativeNorm: edit.relativeNorm };
      const step = { ...found, ...(await measured(model, { fact, last }, options)) };
      steps.push(step);
      options.onStep?.(step);
    }
  } finally {
    model.setDeltas(before);
  }
  const written = steps.map(({ fact }) => fact);
  const provenance = provenanceOf(model, {
    method: written.length === 1 ? "rome" : "rome in sequence",
    facts: written.map((fact) => requests[fact]),
    hyperparameters,
    contexts,
    seed,
    statistics: statistics ? [usedStatistics(statistics)] : [],
    goal: options,
  });
  const delta = { provenance, weights: made };
  return { delta, edits, steps, written, contexts, perplexityBefore };
}

function editNext(
  model: Model,
  requests: EditRequest[],
  how: {
    fact: number;
    hyperparameters: RomeHyperparameters;
    contexts: string[];
    statistics: LayerStatistics | undefined;
    options: SequenceOptions;
  },
): Promise<RomeEdit> {
  const { fact, hyperparameters, contexts, statistics, options } = how;
  return rome(model, requests[fact], hyperparameters, {
    contexts,
    seed: options.seed,
    objective: options.objective,
    stop: options.stop,
    statistics,
    signal: options.signal,
    onStep: (step) => options.onSearch?.(fact, step),
  });
}

async function measured(
  model: Model,
  { fact, last }: { fact: number; last: boolean },
  { neutral, every = 1, enough, signal }: SequenceOptions,
): Promise<{ perplexity?: number }> {
  const due = last || enough?.aborted === true || (fact + 1) % every === 0;
  if (!neutral || !due) return {};
  return { perplexity: await perplexity(model, neutral, signal) };
}
