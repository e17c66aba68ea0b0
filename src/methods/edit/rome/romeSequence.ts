import type { Stoppable } from "../../../engine/runtime/Stoppable.ts";
import type { Delta, WeightDelta } from "../../../data/delta/delta.ts";
import type { Model } from "../../../engine/Model.ts";
import { contextTemplates } from "../contextTemplates.ts";
import type { EditRequest } from "../editRequest.ts";
import { perplexity } from "../../score/perplexity.ts";
import { rome, type RomeHyperparameters } from "./rome.ts";
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
export interface SequenceOptions extends Stoppable {
  statistics: (layer: number) => Promise<LayerStatistics | undefined>;
  /** Templates with one `{}` each; sampled once, from the model before the first edit, where absent. */
  contexts?: string[];
  seed: number;
  /** Texts that no edit is about. */
  neutral?: string[];
  /** Their perplexity is measured after every so many edits, and after the last. Default 1. */
  every?: number;
  onStep?: (step: SequenceStep) => void;
  /** The neutral text's perplexity before the first edit. */
  onStart?: (perplexity: number) => void;
  /** Ends the sequence after the edit that is under way. */
  enough?: AbortSignal;
}

/** What a sequence of edits came to. */
export interface RomeSequence {
  /** All edits together, an entry each. */
  delta: Delta;
  steps: SequenceStep[];
  /** Of the neutral text before the first edit. */
  perplexityBefore?: number;
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
  const statistics = await options.statistics(hyperparameters.layer);
  const how = { hyperparameters, contexts, statistics, options };
  const made: WeightDelta[] = [];
  const steps: SequenceStep[] = [];
  try {
    for (let fact = 0; fact < requests.length && !enough?.aborted; fact++) {
      const edit = await editNext(model, requests[fact], how);
      made.push(...edit.delta.weights);
      model.setDeltas([...before, ...made]);
      const last = fact === requests.length - 1;
      const step = { fact, ...edit.step, ...(await measured(model, { fact, last }, options)) };
      steps.push(step);
      options.onStep?.(step);
    }
  } finally {
    model.setDeltas(before);
  }
  const written = steps.map(({ fact }) => fact);
  const facts = written.map((fact) => requests[fact]);
  const delta = sequenceDelta(model, made, { facts, hyperparameters, contexts, seed });
  return { delta, steps, written, ...(perplexityBefore !== undefined && { perplexityBefore }) };
}

async function editNext(
  model: Model,
  request: EditRequest,
  how: {
    hyperparameters: RomeHyperparameters;
    contexts: string[];
    statistics: LayerStatistics | undefined;
    options: SequenceOptions;
  },
) {
  const { hyperparameters, contexts, statistics, options } = how;
  const { delta, steps, relativeNorm } = await rome(model, request, hyperparameters, {
    contexts,
    seed: options.seed,
    ...(statistics && { statistics }),
    signal: options.signal,
  });
  return { delta, step: { probability: steps[steps.length - 1].probability, relativeNorm } };
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

function sequenceDelta(
  { config: { name, revision } }: Model,
  weights: WeightDelta[],
  made: {
    facts: EditRequest[];
    hyperparameters: RomeHyperparameters;
    contexts: string[];
    seed: number;
  },
): Delta {
  const { facts, hyperparameters, contexts, seed } = made;
  return {
    provenance: {
      format: "palimpsest.delta",
      version: 1,
      app: "palimpsest",
      method: facts.length === 1 ? "rome" : "rome in sequence",
      model: name,
      revision,
      seed,
      contexts,
      ...(facts.length === 1 ? { request: facts[0] } : { requests: facts }),
      hyperparameters: { ...hyperparameters },
    },
    weights,
  };
}
