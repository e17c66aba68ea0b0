import type { Delta, WeightDelta } from "../../../data/delta/delta.ts";
import type { Model } from "../../../engine/Model.ts";
import { addRowProducts } from "../../../kernels/products/rowProducts.ts";
import { asDelta, type MemitJob, type MemitLayer } from "./memit.ts";
import { norm } from "../norm.ts";
import { mlpOutName, weightNorm } from "../rome/romeDelta.ts";

/**
 * The update of all layers as a delta with its provenance (METHODS 5.4). A layer's part stays as factors u [fact, dMlp]
 * and v [fact, dModel] while there are no more facts than dModel; beyond, the whole ΔW takes less room and is what is
 * kept, written as u = ΔWᵀ [dModel, dMlp] and v = 1.
 */
export async function memitDelta(
  model: Model,
  layers: MemitLayer[],
  { facts, hyperparameters, contexts, options }: MemitJob,
): Promise<{ delta: Delta; relativeNorm: number }> {
  const { name, revision } = model.config;
  const made: WeightDelta[] = [];
  for (const layer of layers) made.push(await weightDelta(model, layer, facts.length));
  const delta: Delta = {
    provenance: {
      format: "palimpsest.delta",
      version: 1,
      app: "palimpsest",
      method: "memit",
      model: name,
      revision,
      seed: options.seed,
      contexts,
      ...(facts.length === 1 ? { request: facts[0] } : { requests: facts }),
      hyperparameters: { ...hyperparameters },
    },
    weights: made,
  };
  return { delta, relativeNorm: Math.max(...made.map((entry) => entry.norm!)) };
}

async function weightDelta(model: Model, made: MemitLayer, facts: number): Promise<WeightDelta> {
  const { layer } = made;
  const { dModel } = model.config;
  const dense = denseUpdate(made, facts);
  const relativeNorm = norm(dense) / (await weightNorm(model, layer));
  if (facts <= dModel) return { ...asDelta(model, made, facts), norm: relativeNorm };
  const v = new Float32Array(dModel * dModel);
  for (let i = 0; i < dModel; i++) v[i * dModel + i] = 1;
  return {
    weight: mlpOutName(model, layer),
    change: { rank: dModel, u: Float32Array.from(dense), v },
    norm: relativeNorm,
  };
}

/** ΔWᵀ [dModel, dMlp] = resid · adjKᵀ, in float64. */
function denseUpdate({ adjK, resid }: MemitLayer, facts: number): Float64Array {
  const [rows, columns] = [resid.length / facts, adjK.length / facts];
  const c = new Float64Array(rows * columns);
  addRowProducts({
    c: { data: c, offset: 0, stride: columns },
    a: { data: resid, offset: 0, stride: facts },
    b: { data: adjK, offset: 0, stride: facts },
    rows,
    columns,
    depth: facts,
    sign: 1,
  });
  return c;
}
