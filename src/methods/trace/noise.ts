import type { Noise } from "../../data/trace/Noise.ts";
import type { Model } from "../../engine/Model.ts";
import { NumpyRandom } from "../random/numpyRandom.ts";
import { areFinite, beyond } from "../../engine/transformer/finite.ts";
import { noiseText } from "../../data/trace/noiseCode.ts";
import { sigma } from "./sigma.ts";

/** What {@link corruptedEmbeddings} corrupts, and how. */
export interface Corruption {
  /** The subject's clean embeddings [token, dModel]. */
  clean: Float32Array;
  samples: number;
  /** The factor of the random draw: σ times its multiple, or the level itself. */
  level: number;
  uniform: boolean;
  /** Put the noise in the place of the embedding instead of adding it. */
  replace: boolean;
  seed: number;
  /** Which draw of the generator is taken, from 1; those before it are of the same size. */
  draw?: number | undefined;
}

/**
 * The corrupted embeddings [sample, token, dModel] of the subject. The noise is one draw of a fresh
 * `RandomState(seed)` in that order, by default the first; it is scaled and added in float64 and the sum is rounded once, so
 * that every element is the one that the authors' code feeds the model (METHODS 2.4).
 *
 * @throws where one is beyond float32
 */
export function corruptedEmbeddings(corruption: Corruption): Float32Array {
  const { clean, samples, level, uniform, replace, seed, draw = 1 } = corruption;
  const random = new NumpyRandom(seed);
  const count = samples * clean.length;
  const next = () => (uniform ? random.uniform(-1, 1, count) : random.randn(count));
  for (let before = 1; before < draw; before++) next();
  const noise = next();
  const base = (i: number): number => (replace ? 0 : clean[i % clean.length]);
  const corrupted = Float32Array.from(noise, (x, i) => base(i) + level * x);
  if (areFinite(corrupted)) return corrupted;
  throw beyond("the corrupted subject", "take a smaller noise, 3s say");
}

/**
 * The factor of the random draw: the level itself, or its multiple of σ.
 *
 * @param known σ, where it was measured before; otherwise it is measured on the request's one subject
 * @throws when the result is not a number from 0
 */
export async function noiseLevel(
  model: Model,
  { noise, subject }: { noise: Noise; subject: string },
  known?: number,
): Promise<number> {
  if (noise.kind !== "sigma") return checkedLevel(noise.level, noiseText(noise));
  const unit = known ?? (await sigma(model, [subject]));
  return checkedLevel(noise.factor * unit, `${noiseText(noise)} with σ = ${unit}`);
}

function checkedLevel(level: number, text: string): number {
  if (level >= 0 && level < Infinity) return level;
  throw new Error(`invalid noise: ${text} (a number from 0, or a multiple of σ such as 3s)`);
}
