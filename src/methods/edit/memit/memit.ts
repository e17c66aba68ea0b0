import type { Delta } from "../../../data/delta/delta.ts";
import type { Model } from "../../../engine/Model.ts";
import { solveCovarianceKeys } from "../../statistics/covarianceFactor.ts";
import { checkEditRequest, type EditRequest } from "../editRequest.ts";
import { bareStates, meanKeys } from "../meanKeys.ts";
import type { ContextGroups } from "../contextTemplates.ts";
import { groupContexts, memitContexts } from "./memitContexts.ts";
import { asDelta, memitDelta } from "./memitDelta.ts";
import type { MemitHyperparameters } from "./MemitHyperparameters.ts";
import type { MemitJob, MemitLayer, MemitOptions } from "./MemitJob.ts";
import { norm } from "../norm.ts";
import { checkGoal } from "../Objective.ts";
import { neededStatistics } from "../neededStatistics.ts";
import { usedStatistics } from "../provenance.ts";
import { type FactState, targetStates } from "./targetStates.ts";
import { knownStates, valueName } from "./valueCache.ts";
import { checkValueSettings } from "../search/valueSearch.ts";

/** What an edit of many facts is and how it came about. */
export interface MemitEdit {
  delta: Delta;
  layers: MemitLayer[];
  /** Which of the given facts were written. */
  written: number[];
  /** Their z's, in the same order; a z from the cache has no steps. */
  states: FactState[];
  contexts: ContextGroups;
  /** The largest ‖ΔW‖ / ‖W‖ (Frobenius) of the layers. */
  relativeNorm: number;
}

/**
 * MEMIT (Meng et al. 2023; METHODS 5): writes many facts at once into the MLP output matrices of several layers, on the
 * model as it is now, edits that are switched on included. The model itself stays unchanged; apply the delta to it.
 *
 * @throws one sentence for a fact, layer, hyperparameter or statistics that do not fit
 */
export async function memit(
  model: Model,
  requests: EditRequest[],
  hyperparameters: MemitHyperparameters,
  options: MemitOptions,
): Promise<MemitEdit> {
  const facts = checkFacts(model, requests, hyperparameters);
  checkGoal(options);
  const { seed, signal, onEvent } = options;
  onEvent?.({ type: "stage", stage: "sampling contexts" });
  const contexts = options.contexts
    ? groupContexts(options.contexts)
    : await memitContexts(model, { seed, signal });
  const job = { facts, hyperparameters, contexts, options };
  const states = await findStates(model, job);
  const written = states.flatMap((state, i) => (state ? [i] : []));
  if (written.length === 0)
    throw new Error("no fact was written: the run ended before any was found");
  const found = written.map((i) => states[i]!);
  const chosen = { ...job, facts: written.map((i) => facts[i]) };
  const layers = await writeLayers(model, chosen, found);
  const made = await memitDelta(model, layers, chosen);
  return { ...made, layers, written, states: found, contexts };
}

function checkFacts(
  model: Model,
  requests: EditRequest[],
  { layers, lambda, ...settings }: MemitHyperparameters,
): EditRequest[] {
  if (requests.length === 0) throw new Error("the list of facts is empty; give at least one");
  if (layers.length === 0) throw new Error("no layer was chosen; name at least one");
  if (layers.some((layer, i) => i > 0 && layer <= layers[i - 1])) {
    throw new Error(`invalid layers: ${layers.join(", ")} (each once, in ascending order)`);
  }
  if (!(lambda > 0)) throw new Error(`invalid lambda: ${lambda} (above 0)`);
  checkValueSettings(settings);
  for (const layer of layers) checkEditRequest(model, requests[0], layer);
  return requests.map((request, i) => {
    try {
      return checkEditRequest(model, request, layers[0]);
    } catch (error) {
      throw new Error(`fact ${i + 1}: ${(error as Error).message}`, { cause: error });
    }
  });
}

/** Every fact's z, from the cache or searched for; undefined for those that the run ended before. */
async function findStates(model: Model, job: MemitJob): Promise<(FactState | undefined)[]> {
  const { facts, hyperparameters, contexts, options } = job;
  const { signal, enough, onEvent } = options;
  const cache = model.deltas.length === 0 ? options.values : undefined;
  const names = facts.map((fact) =>
    valueName(model.identity, fact, { hyperparameters, contexts, goal: options }),
  );
  const states = await knownStates(cache, names, model.config.dModel);
  states.forEach((state, fact) => {
    if (state) onEvent?.({ type: "found", fact, cached: true });
  });
  const missing = facts.flatMap((_, i) => (states[i] ? [] : [i]));
  if (missing.length === 0) return states;
  onEvent?.({ type: "stage", stage: "searching for the states that recall the facts" });
  const kept: Promise<void>[] = [];
  await targetStates(
    model,
    missing.map((i) => facts[i]),
    {
      ...hyperparameters,
      layer: hyperparameters.layers[hyperparameters.layers.length - 1],
      contexts: contexts.flat(),
      batch: options.batch,
      signal,
      enough,
      objective: options.objective,
      stop: options.stop,
      onStep: (i, step) => onEvent?.({ type: "step", fact: missing[i], step }),
      onFact: (i, state) => {
        const fact = missing[i];
        states[fact] = state;
        if (cache) kept.push(cache.set(names[fact], Float32Array.from(state.z)));
        const step = state.steps[state.steps.length - 1];
        onEvent?.({ type: "found", fact, cached: false, step });
      },
    },
  );
  await Promise.all(kept);
  return states;
}

/** The layers one after the other, each on the model that has the ones before (METHODS 5.4). */
async function writeLayers(
  model: Model,
  job: MemitJob,
  states: FactState[],
): Promise<MemitLayer[]> {
  const { hyperparameters, options } = job;
  const before = model.deltas;
  const layers: MemitLayer[] = [];
  try {
    for (const layer of hyperparameters.layers) {
      options.signal?.throwIfAborted();
      options.onEvent?.({ type: "stage", stage: `writing layer ${layer}` });
      const made = await writeLayer(model, { ...job, states, layer, done: layers.length });
      layers.push(made);
      options.onEvent?.({ type: "layer", layer, residual: made.residual });
      model.setDeltas([...before, ...layers.map((made) => asDelta(model, made, job.facts.length))]);
    }
  } finally {
    model.setDeltas(before);
  }
  return layers;
}

async function writeLayer(
  model: Model,
  job: MemitJob & { states: FactState[]; layer: number; done: number },
): Promise<MemitLayer> {
  const { facts, hyperparameters, contexts, options, states, layer, done } = job;
  const { lambda, layers, factToken } = hyperparameters;
  const at = { factToken, noise: options.objective?.noise, signal: options.signal };
  const keys = columns(await meanKeys(model, facts, contexts, { ...at, layer }));
  const now = await bareStates(model, facts, contexts, { ...at, layer: layers[layers.length - 1] });
  const residuals = states.map(({ z }, fact) => z.map((x, i) => x - now[fact][i]));
  const statistics = await neededStatistics(model, layer, options.statistics);
  const adjK = await solveCovarianceKeys(statistics, {
    lambda,
    keys,
    columns: facts.length,
    gpu: model.gpu,
  });
  const share = layers.length - done;
  const resid = columns(residuals).map((x) => x / share);
  const residual = residuals.reduce((sum, r) => sum + norm(r), 0) / residuals.length;
  return { layer, adjK, resid, residual, statistics: usedStatistics(statistics) };
}

/** One vector [width] per fact as a matrix [width, fact]. */
function columns(vectors: Float64Array[]): Float64Array {
  const [count, width] = [vectors.length, vectors[0].length];
  const matrix = new Float64Array(width * count);
  vectors.forEach((vector, fact) => {
    for (let i = 0; i < width; i++) matrix[i * count + fact] = vector[i];
  });
  return matrix;
}
