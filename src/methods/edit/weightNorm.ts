import { mlpOut } from "../../engine/architecture/blockWeights.ts";
import { weightName } from "../../engine/architecture/weightNames.ts";
import type { Model } from "../../engine/Model.ts";
import { norm } from "./norm.ts";

const weightNorms = new WeakMap<Model, Map<string, number>>();

/** The Hugging Face name of a layer's MLP output matrix (METHODS 1.4). */
export function mlpOutName({ config }: Pick<Model, "config">, layer: number): string {
  return weightName(config, layer, mlpOut(config));
}

/** ‖W‖ of a frozen weight by its name in the checkpoint, read once. */
export async function weightNorm(model: Model, weight: string): Promise<number> {
  const known = weightNorms.get(model) ?? new Map<string, number>();
  weightNorms.set(model, known);
  const value = known.get(weight) ?? norm(await model.readWeight(weight));
  known.set(weight, value);
  return value;
}
