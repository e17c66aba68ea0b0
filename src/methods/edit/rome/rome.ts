import type { Stoppable } from "../../../engine/runtime/Stoppable.ts";
import type { Delta } from "../../../data/delta/delta.ts";
import type { Kept } from "../../../engine/transformer/Kept.ts";
import type { Model } from "../../../engine/Model.ts";
import { checkContexts, contextTemplates } from "../contextTemplates.ts";
import { checkEditRequest, type EditRequest } from "../editRequest.ts";
import { editRows, type EditRows } from "../editRows.ts";
import { leftVector } from "./leftVector.ts";
import { dot, rightVector } from "./rightVector.ts";
import { romeDelta } from "./romeDelta.ts";
import type { RomeHyperparameters } from "./RomeHyperparameters.ts";
import type { LayerStatistics } from "../../statistics/statistics.ts";
import { neededStatistics } from "../neededStatistics.ts";
import { checkGoal, type SearchGoal, usualObjective, usualStop } from "../Objective.ts";
import { noiseInterventions } from "../subjectNoise.ts";
import { optimiseValue, valueGroups } from "../search/targetValue.ts";
import { checkValueSettings, type ValueStep } from "../search/valueSearch.ts";

/** Options of {@link rome}. */
export interface RomeOptions extends Stoppable, SearchGoal {
  /** C of the edited layer; needed where the covariance is "C". */
  statistics?: LayerStatistics | undefined;
  /** Templates with one `{}` each, instead of sampled ones. */
  contexts?: string[] | undefined;
  /** Seeds the sampling of contexts. */
  seed: number;
  onStep?: (step: ValueStep) => void;
}

/** What an edit is and how it came about. */
export interface RomeEdit {
  delta: Delta;
  /** The left vector [dMlp], of length one. */
  u: Float32Array;
  /** The right vector [dModel]; ΔW [dMlp, dModel] = u·vᵀ. */
  v: Float32Array;
  /** The value written [dModel]. */
  vStar: Float32Array;
  steps: ValueStep[];
  /** ‖ΔW‖ / ‖W‖ (Frobenius). */
  relativeNorm: number;
  contexts: string[];
  /**
   * (k₀·u) / (k̄·u). Below about 0.5 the bare key is far from the mean one and the published key mode
   * overshoots, as with subjects that begin the prompt (METHODS 10.1); use r-rome there.
   */
  keyRatio: number;
}

/**
 * ROME (Meng et al. 2022; METHODS 4): writes one fact into one MLP output matrix of the model as it is now,
 * edits that are switched on included. The model itself stays unchanged; apply the delta to it.
 *
 * @throws one sentence for a request, layer, hyperparameter or statistics that do not fit
 */
export async function rome(
  model: Model,
  request: EditRequest,
  hyperparameters: RomeHyperparameters,
  options: RomeOptions,
): Promise<RomeEdit> {
  const { seed, signal } = options;
  const fact = checkEditRequest(model, request, hyperparameters.layer);
  const statistics = await checkSettings(model, hyperparameters, options.statistics);
  const contexts = options.contexts
    ? checkContexts(options.contexts)
    : await contextTemplates(model, hyperparameters.contextLengths, {
        seed,
        signal,
      });
  const goal = goalOf(options);
  const { factToken } = hyperparameters;
  const rows = editRows(model, fact, { contexts, factToken, noise: goal.objective.noise });
  const found = await lookUp(model, rows, { layer: hyperparameters.layer, signal });
  const { keys, outputs } = found;
  try {
    const meanKey = mean(keys.slice(0, rows.contexts));
    const u = await leftVector(meanKey, statistics, model.gpu);
    const { vStar, steps } = await findValue(model, rows, {
      found,
      hyperparameters,
      options: { ...options, ...goal },
    });
    const averaged = hyperparameters.keyMode === "r-rome";
    const key = averaged ? meanKey : keys[rows.bare];
    const output = averaged ? mean(outputs.slice(0, rows.contexts)) : outputs[rows.bare];
    const v = rightVector(vStar, output, { key, u });
    const made = await romeDelta(
      model,
      { u, v },
      { request: fact, hyperparameters, seed, contexts, statistics, goal: options },
    );
    const keyRatio = dot(keys[rows.bare], u) / dot(meanKey, u);
    return { ...made, vStar: Float32Array.from(vStar), steps, contexts, keyRatio };
  } finally {
    found.kept.dispose();
  }
}

/** What is searched for, and until when: erasure moves δ after every loss that it looks at (METHODS 8.3). */
function goalOf({ objective = usualObjective, stop }: SearchGoal) {
  checkGoal({ objective, stop });
  const usual = usualStop(objective);
  const erasing = { ...usual, moveLast: true };
  return { objective, stop: stop ?? (objective.target === "minimise" ? erasing : usual) };
}

/** The statistics to use, or undefined for C = I. Throws where a setting cannot be. */
async function checkSettings(
  model: Model,
  { covariance, layer, ...settings }: RomeHyperparameters,
  statistics?: LayerStatistics,
): Promise<LayerStatistics | undefined> {
  checkValueSettings(settings);
  if (covariance === "I") return undefined;
  return neededStatistics(model, layer, () => Promise.resolve(statistics));
}

interface LookUp {
  kept: Kept;
  /** Per row, the key at its lookup [dMlp]. */
  keys: Float64Array[];
  /** Per row, the MLP output at its lookup [dModel]. */
  outputs: Float64Array[];
  /** log p [vocab] at the essence row's lookup. */
  reference: Float32Array;
}

/** One run of all rows gives every key and value that the edit needs, and what the optimisation starts from. */
async function lookUp(
  model: Model,
  { tokens, lookups, essence, noise = [] }: EditRows,
  { layer, signal }: { layer: number; signal: AbortSignal | undefined },
): Promise<LookUp> {
  const { watched, kept, readout } = await model.run({
    tokens,
    watch: [
      { site: "key", layer },
      { site: "mlp", layer },
    ],
    interventions: noiseInterventions(noise, tokens, model.config.dModel),
    keep: true,
    readout: [{ row: essence, token: lookups[essence] }],
    signal,
  });
  const longest = Math.max(...tokens.map((row) => row.length));
  const [keys, outputs] = watched.map((values) => {
    const width = values.length / (tokens.length * longest);
    return lookups.map((token, row) => {
      const begin = (row * longest + token) * width;
      return Float64Array.from(values.subarray(begin, begin + width));
    });
  });
  return { kept: kept!, keys, outputs, reference: readout };
}

async function findValue(
  model: Model,
  rows: EditRows,
  problem: { found: LookUp; hyperparameters: RomeHyperparameters; options: RomeOptions },
): Promise<{ vStar: Float64Array; steps: ValueStep[] }> {
  const { found, hyperparameters, options } = problem;
  const { layer } = hyperparameters;
  const { onStep, signal, objective, stop } = options;
  const at = { layer, starts: rows.lookups, signal };
  const groups = valueGroups(rows, options);
  const continuation = await model.continuation(found.kept, groups ? { ...at, groups } : at);
  return optimiseValue(continuation, {
    ...hyperparameters,
    rows,
    objective,
    stop,
    onStep,
    signal,
    initial: found.outputs[0],
    reference: found.reference,
  });
}

function mean(vectors: Float64Array[]): Float64Array {
  return vectors[0].map((_, i) => vectors.reduce((sum, x) => sum + x[i], 0) / vectors.length);
}
