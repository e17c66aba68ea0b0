import { mlpOut } from "../../engine/architecture/blockWeights.ts";
import { weightName } from "../../engine/architecture/weightNames.ts";
import type { Model } from "../../engine/Model.ts";
import { norm } from "./norm.ts";

const weightNorms = new WeakMap<Model, Map<number, number>>();

/** The Hugging Face name of a layer's MLP output matrix (METHODS 1.4). */
export function mlpOutName({ config }: Pick<Model, "config">, layer: number): string {
  return weightName(config, layer, mlpOut(config));
}

/** ‖W‖ of a layer's frozen MLP output matrix, read once. */
export async function weightNorm(model: Model, layer: number): Promise<number> {
  const known = weightNorms.get(model) ?? new Map<number, number>();
  weightNorms.set(model, known);
  const value = known.get(layer) ?? norm(await model.readWeight(layer));
  known.set(layer, value);
  return value;
}
