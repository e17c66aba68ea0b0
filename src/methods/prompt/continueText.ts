import type { Stoppable } from "../../engine/runtime/Stoppable.ts";
import type { Model } from "../../engine/Model.ts";
import { NumpyRandom } from "../random/numpyRandom.ts";
import { promptIds } from "./promptIds.ts";

/** How {@link continueText} goes on. */
export interface ContinueOptions extends Stoppable {
  /** The length of every text in tokens, its prompt's included (METHODS 4.2); cut to the context. */
  maxTokens: number;
  /** Sample among the k likeliest tokens; 1, the default, is greedy. */
  topK?: number;
  /** Seeds the sampling, so that texts before and after an edit differ by the edit alone. */
  seed?: number;
}

/**
 * Texts that begin with the prompts, as the model goes on, greedily or sampled.
 *
 * @throws when a prompt is empty or too long
 */
export async function continueText(
  model: Model,
  prompts: string[],
  { maxTokens, topK = 1, seed = 1, signal }: ContinueOptions,
): Promise<string[]> {
  if (prompts.length === 0) return [];
  const random = new NumpyRandom(seed);
  const rows = prompts.map((prompt) => promptIds(model, prompt));
  const texts = await model.generate(rows, {
    maxTokens: Math.min(maxTokens, model.config.positions),
    topK,
    random: () => random.random(),
    signal,
  });
  return texts.map((ids) => model.tokenizer.decode(ids));
}
