import type { Model } from "../../engine/Model.ts";
import { promptIds } from "../prompt/promptIds.ts";

/** Rows per run: enough to fill the machine, few enough for any memory. */
const ROWS = 32;

/**
 * Perplexity of texts on the model as it is: exp of the mean of −log p over all tokens but each text's first, which
 * nothing predicts; the largest number there is where it is larger still. (The authors divide by the count with the first, METHODS 7.4; that is for their essence score.)
 *
 * @throws when no text has two tokens, or one is longer than the model's context
 */
export async function perplexity(
  model: Model,
  texts: string[],
  signal?: AbortSignal,
): Promise<number> {
  const rows = texts.map((text) => promptIds(model, text)).filter((row) => row.length > 1);
  if (rows.length === 0) {
    throw new Error("the neutral text is too short for a perplexity; give a few sentences");
  }
  rows.sort((a, b) => a.length - b.length);
  let [sum, count] = [0, 0];
  for (let at = 0; at < rows.length; at += ROWS) {
    signal?.throwIfAborted();
    const tokens = rows.slice(at, at + ROWS);
    const readout = tokens.flatMap((ids, row) =>
      ids.slice(1).map((target, token) => ({ row, token, target })),
    );
    const run = await model.run({ tokens, readout, signal });
    for (const x of run.readout) sum -= x;
    count += readout.length;
  }
  return Math.min(Math.exp(sum / count), Number.MAX_VALUE);
}
