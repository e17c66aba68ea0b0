import type { AskSettings } from "../../data/ask/askFields.ts";
import type { ContinuedText, ContinuedToken, TokenChance } from "../../data/ask/ContinuedText.ts";
import type { Model } from "../../engine/Model.ts";
import type { Stoppable } from "../../engine/runtime/Stoppable.ts";
import type { ChosenToken } from "../../engine/transformer/generate.ts";
import { topIndices } from "../../engine/transformer/generate.ts";
import { NumpyRandom } from "../random/numpyRandom.ts";
import { promptIds } from "./promptIds.ts";

/** How many tokens that could have come are told of each place. */
const LIKELIEST = 5;

/** What {@link ask} may be given beside the text and the settings. */
export interface AskOptions extends Stoppable {
  /** Told of every token as it comes. */
  onToken?: ((token: ContinuedToken) => void) | undefined;
}

/**
 * Continues a text with the model as it is, greedily or among the k likeliest at a temperature, and says how likely each
 * token was. It ends after so many tokens, where the model ends its text (that token is left out), or where its context
 * ends.
 *
 * @throws when the prompt is empty or leaves no room for a token, and when it is stopped
 */
export async function ask(
  model: Model,
  prompt: string,
  { tokens, topK, temperature, seed }: AskSettings,
  { onToken, signal }: AskOptions = {},
): Promise<ContinuedText> {
  const ids = promptIds(model, prompt, 1);
  const most = Math.min(tokens, model.config.positions - ids.length);
  const eos = endOf(model);
  const random = new NumpyRandom(seed);
  const found: ContinuedToken[] = [];
  let ended = false;
  await model.generate([ids], {
    newTokens: most,
    topK,
    temperature,
    random: () => random.random(),
    signal,
    onToken: (chosen) => {
      if ((ended = chosen.id === eos)) return true;
      const token = continuedToken(model, chosen);
      found.push(token);
      onToken?.(token);
      return false;
    },
  });
  const cut = most < tokens ? "context" : "length";
  return { prompt, tokens: found, end: ended ? "end of text" : cut };
}

/** The token that ends a text; undefined where the tokenizer has none. */
export function endOf({ tokenizer }: Model): number | undefined {
  try {
    return tokenizer.eos;
  } catch {
    return undefined;
  }
}

function continuedToken(
  model: Model,
  { id, logProbabilities }: Pick<ChosenToken, "id" | "logProbabilities">,
): ContinuedToken {
  const { tokenizer } = model;
  const best = topIndices(logProbabilities, LIKELIEST);
  const chance = (one: number): TokenChance => ({
    id: one,
    text: tokenizer.spellings([one])[0],
    probability: Math.exp(logProbabilities[one]),
  });
  const [bytes] = tokenizer.bytes([id]);
  return {
    ...chance(id),
    bytes: isWhole(bytes) ? undefined : [...bytes],
    likeliest: best.map(chance),
  };
}

function isWhole(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
