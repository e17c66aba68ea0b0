import type { Stoppable } from "../runtime/Stoppable.ts";
import type { Kept } from "./Kept.ts";
import { run, type RunResult } from "./run.ts";
import type { Transformer } from "./Transformer.ts";

export interface GenerateOptions extends Stoppable {
  /** Every row ends with this many tokens in all, its prompt's included (METHODS 4.2). */
  maxTokens?: number;
  /** Or: this many tokens beyond the longest prompt. */
  newTokens?: number;
  /** Sample among the k likeliest, renormalised; 1, the default, is greedy. */
  topK?: number;
  /** What log p is divided by before a token is drawn; 1, the default, is the model's own distribution. */
  temperature?: number;
  /** Uniform on [0, 1): needed where topK > 1. */
  random?: () => number;
  /** Told of every token as it is chosen; where it answers true, the texts end with this position. */
  onToken?: (chosen: ChosenToken) => boolean;
}

/** A token that was just chosen. */
export interface ChosenToken {
  row: number;
  id: number;
  /** log p [vocab] that it was chosen from, before temperature and top k; to be read now or copied. */
  logProbabilities: Float32Array;
}

/**
 * Continues prompts [batch][token], all rows together, reusing kept keys and values.
 *
 * Generation starts at the end of the shortest prompt; a longer one's own tokens are taken as they
 * come (METHODS 4.2). No token stops it but by `onToken`. Throws where a prompt is empty, the end lies beyond
 * the context, or the temperature is not above 0.
 */
export async function generate(
  model: Transformer,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions,
): Promise<number[][]> {
  const rows = prompts.map((prompt) => [...prompt]);
  const longest = Math.max(...rows.map((row) => row.length));
  const end = options.maxTokens ?? longest + (options.newTokens ?? 0);
  checkLength(end, model.config.positions);
  checkTemperature(options.temperature);
  const { vocab } = model.config;
  let kept: Kept | undefined;
  let ended = false;
  for (let length = Math.min(...rows.map((row) => row.length)); length < end && !ended; length++) {
    const result: RunResult = await run(model, {
      tokens: rows.map((row) => row.slice(0, length)),
      keep: "keys",
      readout: rows.map((_, row) => ({ row, token: length - 1 })),
      prefix: kept && prefixOf(kept),
      signal: options.signal,
    });
    kept?.dispose();
    kept = result.kept!;
    rows.forEach((row, r) => {
      if (row.length > length) return;
      const logProbabilities = result.readout.subarray(r * vocab, (r + 1) * vocab);
      const id = choose(logProbabilities, options);
      row.push(id);
      if (options.onToken?.({ row: r, id, logProbabilities })) ended = true;
    });
  }
  kept?.dispose();
  return rows;
}

function checkLength(end: number, positions: number): void {
  if (end > positions) {
    throw new Error(`can't generate up to ${end} tokens: this model reads at most ${positions}`);
  }
}

function checkTemperature(temperature = 1): void {
  if (temperature > 0 && Number.isFinite(temperature)) return;
  throw new Error(`invalid temperature: ${temperature} (a number, above 0)`);
}

const prefixOf = (kept: Kept) => ({
  kept,
  rows: kept.tokens.map((_, row) => row),
  token: kept.width,
});

/** The next token from log p [vocab]. */
function choose(
  logProbabilities: Float32Array,
  { topK = 1, temperature = 1, random }: GenerateOptions,
): number {
  const best = topIndices(logProbabilities, topK);
  if (topK === 1) return best[0];
  if (!random) throw new Error(`sampling among the top ${topK} needs a source of random numbers`);
  // Against the likeliest, so that no temperature makes all of them 0.
  const weights = best.map((id) =>
    Math.exp((logProbabilities[id] - logProbabilities[best[0]]) / temperature),
  );
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  const chosen = weights.findIndex((weight) => (left -= weight) < 0);
  return best[chosen < 0 ? best.length - 1 : chosen];
}

/** Indices of the k largest values, largest first; the lower index first among equals. */
export function topIndices(values: Float32Array, k: number): number[] {
  const best: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (best.length === k && values[i] <= values[best[k - 1]]) continue;
    let at = best.length;
    while (at > 0 && values[best[at - 1]] < values[i]) at--;
    best.splice(at, 0, i);
    if (best.length > k) best.pop();
  }
  return best;
}
