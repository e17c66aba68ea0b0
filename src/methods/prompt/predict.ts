import { topIndices } from "../../engine/transformer/generate.ts";
import type { Model } from "../../engine/Model.ts";
import { promptIds } from "./promptIds.ts";

/** One candidate for the next token. */
export interface Prediction {
  token: string;
  id: number;
  probability: number;
}

/**
 * The most probable next tokens of a prompt, likeliest first.
 *
 * @throws when the prompt is empty or too long, or `top` is not a positive integer
 */
export async function predict(model: Model, prompt: string, top = 10): Promise<Prediction[]> {
  if (!(Number.isInteger(top) && top > 0)) {
    throw new Error(`invalid top: ${top} (an integer from 1)`);
  }
  const ids = promptIds(model, prompt);
  const { readout } = await model.run({
    tokens: [ids],
    readout: [{ row: 0, token: ids.length - 1 }],
  });
  const best = topIndices(readout, Math.min(top, readout.length));
  const texts = model.tokenizer.spellings(best);
  return best.map((id, i) => ({ token: texts[i], id, probability: Math.exp(readout[id]) }));
}
