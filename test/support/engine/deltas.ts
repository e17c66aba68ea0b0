import {
  type Dense,
  isLowRank,
  type LowRank,
  type WeightDelta,
} from "../../../src/data/delta/delta.ts";
import type { Model } from "../../../src/engine/Model.ts";
import { mlpOutName } from "../../../src/methods/edit/weightNorm.ts";

/** The factors of a change. Throws where it has none. */
export function factorsOf({ weight, change }: WeightDelta): LowRank {
  if (!isLowRank(change)) throw new Error(`the change of ${weight} is dense`);
  return change;
}

/** A change of a layer's MLP output matrix. */
export const mlpOutDelta = (
  model: Pick<Model, "config">,
  layer: number,
  change: LowRank | Dense,
): WeightDelta => ({ weight: mlpOutName(model, layer), change });
