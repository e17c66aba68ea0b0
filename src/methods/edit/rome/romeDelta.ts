import type { Delta } from "../../../data/delta/delta.ts";
import type { Model } from "../../../engine/Model.ts";
import type { EditRequest } from "../editRequest.ts";
import { norm } from "../norm.ts";
import type { RomeHyperparameters } from "./rome.ts";

interface Made {
  request: EditRequest;
  hyperparameters: RomeHyperparameters;
  seed: number;
  contexts: string[];
}

const weightNorms = new WeakMap<Model, Map<number, number>>();

/**
 * The rank-one update ΔW [dMlp, dModel] = u·vᵀ as a delta with its provenance (METHODS 4.6), in the named
 * layout whatever the checkpoint's.
 */
export async function romeDelta(
  model: Model,
  vectors: { u: Float64Array; v: Float64Array },
  { request, hyperparameters, seed, contexts }: Made,
): Promise<{ delta: Delta; u: Float32Array; v: Float32Array; relativeNorm: number }> {
  const { name, revision } = model.config;
  const { layer } = hyperparameters;
  const u = Float32Array.from(vectors.u);
  const v = Float32Array.from(vectors.v);
  const relativeNorm = (norm(u) * norm(v)) / (await weightNorm(model, layer));
  const delta: Delta = {
    provenance: {
      format: "palimpsest.delta",
      version: 1,
      app: "palimpsest",
      method: "rome",
      model: name,
      revision,
      seed,
      request,
      contexts,
      hyperparameters: { ...hyperparameters },
    },
    weights: [{ weight: mlpOutName(model, layer), change: { rank: 1, u, v }, norm: relativeNorm }],
  };
  return { delta, u, v, relativeNorm };
}

/** The Hugging Face name of a layer's MLP output matrix (METHODS 1.4). */
export function mlpOutName({ config }: Pick<Model, "config">, layer: number): string {
  const module = config.architecture === "gptj" ? "fc_out" : "c_proj";
  return `transformer.h.${layer}.mlp.${module}.weight`;
}

/** ‖W‖ of a layer's frozen MLP output matrix, read once. */
export async function weightNorm(model: Model, layer: number): Promise<number> {
  const known = weightNorms.get(model) ?? new Map<number, number>();
  weightNorms.set(model, known);
  const value = known.get(layer) ?? norm(await model.readWeight(layer));
  known.set(layer, value);
  return value;
}
