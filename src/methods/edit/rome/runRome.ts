import type { NpyArray } from "../../../data/archive/npy.ts";
import { combine } from "../../../data/delta/combine.ts";
import type { Delta, WeightDelta } from "../../../data/delta/delta.ts";
import type { Model } from "../../../engine/Model.ts";
import { checkContexts } from "../contextTemplates.ts";
import type { Edit, EditContext, Measure, UsedStatistics } from "../Editor.ts";
import type { EditRequest } from "../editRequest.ts";
import { changeNorm } from "../norm.ts";
import { usedStatistics } from "../provenance.ts";
import { weightNorm } from "../weightNorm.ts";
import type { RomeEdit } from "./rome.ts";
import type { RomeHyperparameters } from "./RomeHyperparameters.ts";
import { romeSequence } from "./romeSequence.ts";

/** ROME of one fact, or of several in sequence, as an {@link Edit}. */
export async function runRome(
  model: Model,
  facts: EditRequest[],
  settings: RomeHyperparameters,
  at: EditContext,
): Promise<Edit> {
  const { seed, signal, neutral, enough, onEvent } = at;
  const read: UsedStatistics[] = [];
  const tellStage = (stage: string) => onEvent?.({ type: "stage", stage });
  const working =
    facts.length === 1 ? "sampling contexts, solving for u" : "rewriting one fact after the other";
  tellStage(neutral ? "perplexity of the neutral text" : working);
  const made = await romeSequence(model, facts, settings, {
    seed,
    signal,
    enough,
    objective: at.objective,
    stop: at.stop,
    contexts: at.contexts && checkContexts(at.contexts.flat()),
    neutral: neutral?.texts,
    every: neutral?.every,
    statistics: async (layer) => {
      const found = await at.statistics(layer);
      if (found) read.push(usedStatistics(found));
      return found;
    },
    onStart: (perplexity) => {
      onEvent?.({ type: "perplexity", perplexity });
      tellStage(working);
    },
    onSearch: (fact, step) => onEvent?.({ type: "step", fact, step }),
    onStep: (step) => {
      onEvent?.({ type: "found", fact: step.fact, cached: false });
      onEvent?.({ type: "edited", ...step });
    },
  });
  const { edits, written, contexts } = made;
  if (written.length === 0) {
    throw new Error("no fact was written: the run ended before any was rewritten");
  }
  const delta = written.length === 1 ? edits[0].delta : await together(model, made.delta);
  return {
    delta,
    written,
    relativeNorm: Math.max(...delta.weights.map(({ norm }) => norm!)),
    searches: written.map((fact, i) => ({ fact, steps: edits[i].steps })),
    contexts,
    statistics: read,
    measures: [keyRatio(edits)],
    report: () => reportOf(edits),
  };
}

/** The edits of a sequence as one entry per weight, with the norm of their sum. */
async function together(model: Model, { provenance, weights }: Delta): Promise<Delta> {
  const joined: WeightDelta[] = [];
  for (const { weight, change } of combine(weights)) {
    const norm = changeNorm(change) / (await weightNorm(model, weight));
    joined.push({ weight, change, norm });
  }
  return { provenance, weights: joined };
}

/** How far the bare key is from the mean one, at the fact where it is farthest. */
function keyRatio(edits: RomeEdit[]): Measure {
  const value = Math.min(...edits.map((edit) => edit.keyRatio));
  const warning = `the bare key is far from the mean key (ratio ${value.toFixed(2)}), so the published update overshoots and may damage the model: key mode r-rome may spare other facts`;
  return {
    name: "keyRatio",
    label: edits.length === 1 ? "k₀·u / k̄·u" : "least k₀·u / k̄·u",
    value,
    hint: "How much of the mean key the bare prompt’s has in the direction of u; below 0.5 it is far from it",
    warning: value < 0.5 ? warning : undefined,
  };
}

/** u [dMlp], v and v_star [dModel] and the losses; of several facts with the fact's number before each name. */
function reportOf(edits: RomeEdit[]): Record<string, NpyArray> {
  const arrays = edits.flatMap(({ u, v, vStar, steps }, i) => {
    const before = edits.length === 1 ? "" : `${i}.`;
    const loss = Float64Array.from(steps, (step) => step.loss);
    const vector = (data: Float32Array): NpyArray => ({ shape: [data.length], dtype: "f4", data });
    return [
      [`${before}u`, vector(u)],
      [`${before}v`, vector(v)],
      [`${before}v_star`, vector(vStar)],
      [`${before}loss`, { shape: [loss.length], dtype: "f8", data: loss }],
    ] as [string, NpyArray][];
  });
  return Object.fromEntries(arrays);
}
