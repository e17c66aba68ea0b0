import type { Model } from "../../engine/Model.ts";
import { argmax } from "../prompt/argmax.ts";
import { promptIds } from "../prompt/promptIds.ts";

/** How far one model's next-token distributions are from another's, over all positions of some texts. */
export interface Divergence {
  /** Mean of KL(reference ‖ model) in nats. */
  kl: number;
  /** The share of positions where both have the same likeliest token. */
  sameTop: number;
  /** Positions. */
  tokens: number;
}

/** Log-probabilities that one run may return: 64 MB of float32. */
const CHUNK = 2 ** 24;

/**
 * Compares the distributions after every token of the texts, KL(p ‖ q) = Σ_v p (log p − log q) in float64, with p the
 * reference's.
 *
 * @throws when there is no text, or one is empty or longer than the context
 */
export async function divergence(
  reference: Model,
  model: Model,
  texts: string[],
  signal?: AbortSignal,
): Promise<Divergence> {
  if (texts.length === 0) throw new Error("there is no sentence to compare on; give at least one");
  const rows = texts.map((text) => promptIds(reference, text)).sort((a, b) => a.length - b.length);
  const { vocab } = reference.config;
  const total = { kl: 0, same: 0, tokens: 0 };
  for (const tokens of chunks(rows, Math.max(1, Math.floor(CHUNK / vocab)))) {
    const readout = tokens.flatMap((ids, row) => ids.map((_, token) => ({ row, token })));
    const run = { tokens, readout, signal };
    const expected = (await reference.run(run)).readout;
    const found = (await model.run(run)).readout;
    for (let begin = 0; begin < expected.length; begin += vocab) {
      const p = expected.subarray(begin, begin + vocab);
      const q = found.subarray(begin, begin + vocab);
      total.kl += klDivergence(p, q);
      total.same += Number(argmax(p) === argmax(q));
      total.tokens++;
    }
  }
  const { kl, same, tokens } = total;
  return { kl: kl / tokens, sameTop: same / tokens, tokens };
}

/** Σ p (log p − log q) from log p and log q [vocab]. */
function klDivergence(p: Float32Array, q: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += Math.exp(p[i]) * (p[i] - q[i]);
  return sum;
}

/** Rows together while they have at most so many tokens. */
function chunks(rows: number[][], most: number): number[][][] {
  const result: number[][][] = [[]];
  let tokens = 0;
  for (const row of rows) {
    if (tokens > 0 && tokens + row.length > most) {
      result.push([]);
      tokens = 0;
    }
    result[result.length - 1].push(row);
    tokens += row.length;
  }
  return result;
}
