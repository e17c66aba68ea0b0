import { shown } from "../outside/shown.ts";
import { type Change, type Delta, isLowRank, layerOf, shapeOf, type WeightDelta } from "./delta.ts";

/**
 * Checks that a change holds a number for every place of its shape, all of them finite.
 *
 * @param what names the file in messages
 * @throws one sentence that names the tensor
 */
export function checkChange({ weight, change }: WeightDelta, what: string): void {
  checkSizes(weight, change, what);
  const tensors: Record<string, Float32Array> = isLowRank(change)
    ? { u: change.u, v: change.v }
    : { delta: change.dense };
  for (const [name, data] of Object.entries(tensors)) {
    const bad = data.findIndex((x) => !Number.isFinite(x));
    if (bad >= 0) {
      throw new Error(
        `${shown(what)} is damaged: ${shown(weight)}.${name} holds ${numberText(data[bad])} at ${bad}`,
      );
    }
  }
}

/** A number that is not finite, in words. */
export const numberText = (value: number) =>
  Number.isNaN(value) ? "no number" : String(value).replace("Infinity", "infinity");

function checkSizes(weight: string, change: Change, what: string): void {
  if (isLowRank(change)) {
    const { rank, u, v } = change;
    const fits = (data: Float32Array) => data.length > 0 && data.length % rank === 0;
    if (isSize(rank) && fits(u) && fits(v)) return;
    throw new Error(
      `${shown(what)} is damaged: ${shown(weight)} has rank ${rank} with ${u.length} and ${v.length} numbers`,
    );
  }
  const { shape, dense } = change;
  const size = shape.reduce((product, n) => product * n, 1);
  const isShape = (shape.length === 1 || shape.length === 2) && shape.every(isSize);
  if (isShape && size === dense.length) return;
  throw new Error(
    `${shown(what)} is damaged: ${shown(weight)} has shape [${shown(shape.join(", "))}] with ${dense.length} numbers`,
  );
}

const isSize = (value: number) => Number.isSafeInteger(value) && value > 0;

/** A model's name, and the shapes of its weights in the engine's orientation. */
export interface Weighted {
  name: string;
  weights: Readonly<Record<string, readonly number[]>>;
}

/**
 * Checks that a delta can be applied to a model.
 *
 * @throws `this delta was made for demo and changes layer 17 …, but …  has layers 0–7`, the same for a weight that the model
 *   lacks or has in another shape
 */
export function checkDeltaFits(delta: Delta, model: Weighted): void {
  const made = `this delta was made for ${shown(delta.provenance.model)}`;
  for (const entry of delta.weights) {
    const { weight, change } = entry;
    if (!Object.hasOwn(model.weights, weight)) {
      throw new Error(`${made} and changes ${missing(weight, model)}`);
    }
    const [there, here] = [shapeOf(change), model.weights[weight]];
    if (there.join() !== here.join()) {
      throw new Error(
        `${made}: ${shown(weight)} is [${there.join(", ")}] there and [${here.join(", ")}] in ${shown(model.name)}; open the model it was made for`,
      );
    }
    if (isLowRank(change) && here.length === 1) {
      throw new Error(
        `${made}: ${shown(weight)} is a vector, but its change has a rank; make it dense`,
      );
    }
  }
}

function missing(weight: string, { name, weights }: Weighted): string {
  const layer = layerOf(weight);
  const last = Math.max(...Object.keys(weights).map((known) => layerOf(known) ?? -1));
  return layer !== undefined && layer > last
    ? `layer ${layer}, but ${shown(name)} has layers 0–${last}`
    : `${shown(weight)}, which ${shown(name)} does not have; open the model it was made for`;
}
