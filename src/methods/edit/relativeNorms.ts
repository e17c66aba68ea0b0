import type { WeightDelta } from "../../data/delta/delta.ts";
import type { Model } from "../../engine/Model.ts";
import { changeNorm } from "./norm.ts";
import { weightNorm } from "./weightNorm.ts";

/**
 * Changes of weights that fit the model, each with its ‖ΔW‖/‖W‖: where a file did not say it, it is measured.
 *
 * @throws where a weight of the model cannot be read
 */
export async function withNorms(
  model: Model,
  weights: readonly WeightDelta[],
): Promise<WeightDelta[]> {
  const measured: WeightDelta[] = [];
  for (const entry of weights) {
    const { weight, change } = entry;
    const norm = entry.norm ?? changeNorm(change) / (await weightNorm(model, weight));
    // A bias of zeros has no norm to compare with.
    measured.push(Number.isFinite(norm) ? { weight, change, norm } : { weight, change });
  }
  return measured;
}
