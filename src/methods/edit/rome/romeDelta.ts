import type { Delta } from "../../../data/delta/delta.ts";
import type { Model } from "../../../engine/Model.ts";
import type { EditRequest } from "../editRequest.ts";
import { norm } from "../norm.ts";
import type { SearchGoal } from "../Objective.ts";
import { provenanceOf, usedStatistics } from "../provenance.ts";
import { mlpOutName, weightNorm } from "../weightNorm.ts";
import type { LayerStatistics } from "../../statistics/statistics.ts";
import type { RomeHyperparameters } from "./RomeHyperparameters.ts";

interface Made {
  request: EditRequest;
  hyperparameters: RomeHyperparameters;
  seed: number;
  contexts: string[];
  statistics: LayerStatistics | undefined;
  goal: SearchGoal;
}

/**
 * The rank-one update ΔW [dMlp, dModel] = u·vᵀ as a delta with its provenance (METHODS 4.6), in the named
 * layout whatever the checkpoint's.
 */
export async function romeDelta(
  model: Model,
  vectors: { u: Float64Array; v: Float64Array },
  { request, hyperparameters, seed, contexts, statistics, goal }: Made,
): Promise<{ delta: Delta; u: Float32Array; v: Float32Array; relativeNorm: number }> {
  const { layer } = hyperparameters;
  const u = Float32Array.from(vectors.u);
  const v = Float32Array.from(vectors.v);
  const weight = mlpOutName(model, layer);
  const relativeNorm = (norm(u) * norm(v)) / (await weightNorm(model, weight));
  const provenance = provenanceOf(model, {
    method: "rome",
    facts: [request],
    hyperparameters,
    contexts,
    seed,
    statistics: statistics ? [usedStatistics(statistics)] : [],
    goal,
  });
  const made = { weight, change: { rank: 1, u, v }, norm: relativeNorm };
  return { delta: { provenance, weights: [made] }, u, v, relativeNorm };
}
