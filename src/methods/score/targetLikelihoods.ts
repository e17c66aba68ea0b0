import type { Model } from "../../engine/Model.ts";
import { argmax } from "../prompt/argmax.ts";
import { promptIds } from "../prompt/promptIds.ts";
import { targetIds } from "../prompt/targetIds.ts";

/** How likely a target is after a prompt. */
export interface TargetLikelihood {
  /** −(1/n) Σ_j log p(token j): the mean over the target's tokens; lower is likelier (METHODS 7.2). */
  nll: number;
  /** Whether each token of the target is the most probable one, given those before it. */
  greedy: boolean[];
}

/** Values of the run's widest activation that one chunk of rows may hold: 64 MB of float32. */
const CHUNK = 2 ** 24;

/** A row of the batch and the questions it answers: several targets may read the same tokens. */
interface Row {
  tokens: number[];
  /** Index of the prompt, index of the target, first position read. */
  asks: { prompt: number; target: number; from: number; ids: number[] }[];
}

/**
 * Teacher-forced likelihood of every target after every prompt, all in few batched runs. A row holds the
 * prompt and the target but its last token; targets that begin alike share it.
 *
 * @returns [prompt][target]
 * @throws when a prompt or target is empty, or too long together
 */
export async function targetLikelihoods(
  model: Model,
  prompts: string[],
  targets: string[][],
  signal?: AbortSignal,
): Promise<TargetLikelihood[][]> {
  const results = targets.map((list) => list.map(() => ({ nll: NaN, greedy: [] as boolean[] })));
  const rows = makeRows(model, prompts, targets);
  for (const chunk of chunks(model, rows)) {
    signal?.throwIfAborted();
    const readout = chunk.flatMap(({ asks }, row) =>
      asks.flatMap(({ from, ids }) => ids.map((_, j) => ({ row, token: from + j }))),
    );
    const run = { tokens: chunk.map(({ tokens }) => tokens), readout };
    const { readout: values } = await model.run({ ...run, signal });
    let at = 0;
    for (const ask of chunk.flatMap(({ asks }) => asks)) {
      results[ask.prompt][ask.target] = readAsk(model, values, { at, ids: ask.ids });
      at += ask.ids.length;
    }
  }
  return results;
}

function readAsk(
  { config: { vocab } }: Model,
  values: Float32Array,
  { at, ids }: { at: number; ids: number[] },
): TargetLikelihood {
  const predictions = ids.map((_, j) => values.subarray((at + j) * vocab, (at + j + 1) * vocab));
  const log = ids.reduce((sum, id, j) => sum + predictions[j][id], 0);
  return { nll: -log / ids.length, greedy: ids.map((id, j) => argmax(predictions[j]) === id) };
}

function makeRows(model: Model, prompts: string[], targets: string[][]): Row[] {
  const rows = new Map<string, Row>();
  prompts.forEach((text, prompt) => {
    targets[prompt].forEach((words, target) => {
      const ids = targetIds(model.tokenizer, words);
      const start = promptIds(model, text, ids.length - 1);
      const tokens = [...start, ...ids.slice(0, -1)];
      const row = rows.get(tokens.join()) ?? { tokens, asks: [] };
      row.asks.push({ prompt, target, from: start.length - 1, ids });
      rows.set(tokens.join(), row);
    });
  });
  return [...rows.values()];
}

/** Chunks of rows whose activations and read distributions stay within {@link CHUNK}. */
function chunks({ config: { dMlp, vocab } }: Model, rows: Row[]): Row[][] {
  const result: Row[][] = [];
  let [size, longest, reads] = [0, 0, 0];
  for (const row of rows) {
    longest = Math.max(longest, row.tokens.length);
    reads += row.asks.reduce((sum, { ids }) => sum + ids.length, 0);
    size++;
    if (result.length === 0 || size * longest * dMlp > CHUNK || reads * vocab > CHUNK) {
      result.push([]);
      [size, longest, reads] = [1, row.tokens.length, row.asks.length];
    }
    result[result.length - 1].push(row);
  }
  return result;
}
