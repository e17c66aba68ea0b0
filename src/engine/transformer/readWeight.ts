import { namedWeight } from "../architecture/namedWeights.ts";
import type { OnDevice } from "./OnDevice.ts";
import { expandedPart, tensorsOf, type WeightPart, weightParts } from "./weightParts.ts";

/**
 * A weight as it is computed with, without the active changes, read back from its device as float32 whatever its form and
 * parts: [inputs, outputs] of a matrix, [tokens, dModel] of a table, else as it is. Not to be written to.
 *
 * @param name in the checkpoint
 * @throws for a name that the model does not have
 */
export async function readWeight(model: OnDevice, name: string): Promise<Float32Array> {
  const weight = namedWeight(model.config, name);
  const { memory } = model;
  if (weight.kind === "plain") return memory.read(tensorsOf(model, weight)[weight.key]);
  const parts = weightParts(model, weight);
  if (parts.length === 1 && parts[0].spec.form === "f32") return memory.read(parts[0].feeds.w);
  const [rows, columns] = weight.shape;
  const whole = new Float32Array(rows * columns);
  for (const part of parts) {
    const data = await readPart(model, part);
    if (weight.kind === "table") whole.set(data, part.first * columns);
    else setColumns(whole, data, { of: columns, first: part.first, width: part.spec.shape[1] });
  }
  return whole;
}

async function readPart(model: OnDevice, part: WeightPart): Promise<Float32Array> {
  if (part.spec.form === "f32") return model.memory.read(part.feeds.w);
  const expanded = await expandedPart(model, part);
  const data = Float32Array.from(await model.memory.read(expanded));
  model.memory.release(expanded);
  return data;
}

/** Writes columns [rows, width] into a matrix [rows, of] from column `first` on. */
export function setColumns(
  whole: Float32Array,
  columns: Float32Array,
  { of, first, width }: { of: number; first: number; width: number },
): void {
  for (let row = 0; row * of < whole.length; row++) {
    whole.set(columns.subarray(row * width, (row + 1) * width), row * of + first);
  }
}
