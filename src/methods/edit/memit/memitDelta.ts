import type { Delta, WeightDelta } from "../../../data/delta/delta.ts";
import { transpose } from "../../../engine/checkpoint/transpose.ts";
import type { Model } from "../../../engine/Model.ts";
import { addRowProducts } from "../../../kernels/products/rowProducts.ts";
import { provenanceOf } from "../provenance.ts";
import type { MemitJob, MemitLayer } from "./MemitJob.ts";
import { norm } from "../norm.ts";
import { mlpOutName, weightNorm } from "../weightNorm.ts";

/**
 * The update of all layers as a delta with its provenance (METHODS 5.4). A layer's part stays as factors u [fact, dMlp]
 * and v [fact, dModel] while there are no more facts than dModel; beyond, the whole ΔW takes less room and is what is
 * kept.
 */
export async function memitDelta(
  model: Model,
  layers: MemitLayer[],
  { facts, hyperparameters, contexts, options }: MemitJob,
): Promise<{ delta: Delta; relativeNorm: number }> {
  const made: WeightDelta[] = [];
  for (const layer of layers) made.push(await weightDelta(model, layer, facts.length));
  const provenance = provenanceOf(model, {
    method: "memit",
    facts,
    hyperparameters,
    contexts,
    seed: options.seed,
    statistics: layers.map(({ statistics }) => statistics),
    goal: options,
  });
  const delta = { provenance, weights: made };
  return { delta, relativeNorm: Math.max(...made.map((entry) => entry.norm!)) };
}

async function weightDelta(model: Model, made: MemitLayer, facts: number): Promise<WeightDelta> {
  const { dMlp, dModel } = model.config;
  const weight = mlpOutName(model, made.layer);
  const update = denseUpdate(made, facts);
  const relativeNorm = norm(update) / (await weightNorm(model, weight));
  if (facts <= dModel) return { ...asDelta(model, made, facts), norm: relativeNorm };
  const dense = transpose(Float32Array.from(update), [dModel, dMlp]);
  return { weight, change: { shape: [dMlp, dModel], dense }, norm: relativeNorm };
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

/** A layer's part as factors: u [fact, dMlp], v [fact, dModel]. */
export function asDelta(
  model: Pick<Model, "config">,
  { layer, adjK, resid }: MemitLayer,
  facts: number,
): WeightDelta {
  const change = { rank: facts, u: rowsOf(adjK, facts), v: rowsOf(resid, facts) };
  return { weight: mlpOutName(model, layer), change };
}

/** A matrix [width, fact] as [fact, width], in float32. */
function rowsOf(matrix: Float64Array, facts: number): Float32Array {
  const width = matrix.length / facts;
  const rows = new Float32Array(matrix.length);
  for (let i = 0; i < width; i++) {
    for (let fact = 0; fact < facts; fact++) rows[fact * width + i] = matrix[i * facts + fact];
  }
  return rows;
}
