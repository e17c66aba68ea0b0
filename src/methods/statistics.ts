import type { Model } from "../engine/Model.ts";
import { covarianceReference } from "../kernels/covariance.reference.ts";
import { pythonShuffle } from "./pythonRandom.ts";
import type { StoredStatistics } from "../engine/statisticsStore.ts";

/** The second moment of one layer's keys over a corpus (METHODS 3), as the engine keeps it. */
export type LayerStatistics = StoredStatistics;

/** What {@link collectStatistics} collects. */
export interface CollectOptions {
  layers: number[];
  /** The corpus's name, kept in the result. */
  source: string;
  /** How many texts to draw, in the order of Python's `random.Random(1).shuffle`; default all. */
  samples?: number;
  /** Longer texts are cut; default the model's context. */
  batchTokens?: number;
  onProgress?: (doneTexts: number, totalTexts: number) => void;
  signal?: AbortSignal;
}

/** Texts that are read together before they are sorted by length (METHODS 3). */
const GROUP = 100;

/**
 * Sums k kᵀ over the tokens of a corpus, k the input of the MLP output matrix (METHODS 3). Several layers
 * share one pass, which stops after the highest. Products are summed in float64 and rounded at the end.
 *
 * @throws when a layer is out of range or no text has a token
 */
export async function collectStatistics(
  model: Model,
  texts: string[],
  options: CollectOptions,
): Promise<LayerStatistics[]> {
  const { layers, source, samples } = options;
  const { dMlp, positions } = model.config;
  checkLayers(model, layers);
  const drawn = sampleTexts(texts, samples);
  const sums = layers.map(() => new Float64Array(dMlp * dMlp));
  const longest = Math.min(positions, options.batchTokens ?? positions);
  let count = 0;
  for (let at = 0; at < drawn.length; at += GROUP) {
    const rows = drawn.slice(at, at + GROUP).map((text) => model.tokenizer.encode(text));
    const cut = rows.map((row) => row.slice(0, longest)).filter((row) => row.length > 0);
    for (const batch of lengthBatches(cut, 3 * positions)) {
      options.signal?.throwIfAborted();
      count += await addKeys(model, batch, { layers, sums, signal: options.signal });
    }
    options.onProgress?.(Math.min(at + GROUP, drawn.length), drawn.length);
  }
  if (count === 0) throw new Error("the corpus is empty; give at least one text with words");
  return layers.map((layer, i) => ({
    ...{ layer, dMlp, count, source },
    sum: Float32Array.from(sums[i]),
    ...(samples !== undefined && { sampleSize: drawn.length }),
  }));
}

/**
 * Rows of tokens sorted by length, longest first, and grouped so that width × (rows + 1) stays within
 * `budget` where a batch is closed (METHODS 3).
 */
export function lengthBatches(rows: number[][], budget: number): number[][][] {
  const batches: number[][][] = [];
  let batch: number[][] = [];
  for (const row of [...rows].sort((a, b) => b.length - a.length)) {
    if (batch.length > 0 && batch[0].length * (batch.length + 1) > budget) {
      batches.push(batch);
      batch = [];
    }
    batch.push(row);
  }
  return batch.length > 0 ? [...batches, batch] : batches;
}

function sampleTexts(texts: string[], samples?: number): string[] {
  if (samples === undefined) return texts;
  if (!(Number.isInteger(samples) && samples > 0)) {
    throw new Error(`invalid samples: ${samples} (an integer from 1)`);
  }
  return pythonShuffle(texts.length, 1)
    .slice(0, samples)
    .map((i) => texts[i]);
}

function checkLayers(model: Model, layers: number[]): void {
  const last = model.config.layers - 1;
  const outside = layers.find((layer) => !(Number.isInteger(layer) && layer >= 0 && layer <= last));
  if (outside !== undefined) {
    throw new Error(`invalid layer: ${outside} (this model has 0–${last})`);
  }
  if (layers.length === 0) throw new Error("no layer was chosen; name at least one");
}

/** Adds a batch to the sums; returns how many tokens it had. */
async function addKeys(
  model: Model,
  batch: number[][],
  target: { layers: number[]; sums: Float64Array<ArrayBuffer>[]; signal: AbortSignal | undefined },
): Promise<number> {
  const { layers, sums, signal } = target;
  const { dMlp } = model.config;
  const { watched } = await model.run({
    tokens: batch,
    watch: layers.map((layer) => ({ site: "key", layer })),
    toLayer: Math.max(...layers),
    ...(signal && { signal }),
  });
  const tokens = batch.reduce((sum, row) => sum + row.length, 0);
  watched.forEach((keys, i) => {
    covarianceReference(withoutPadding(keys, batch, dMlp), [tokens, dMlp], sums[i]);
  });
  return tokens;
}

/** keys [batch, longest, dMlp] as [token, dMlp] over the tokens that are text. */
function withoutPadding(keys: Float32Array, batch: number[][], dMlp: number): Float32Array {
  const longest = Math.max(...batch.map((row) => row.length));
  const tokens = batch.reduce((sum, row) => sum + row.length, 0);
  const result = new Float32Array(tokens * dMlp);
  let end = 0;
  batch.forEach((row, r) => {
    const begin = r * longest * dMlp;
    result.set(keys.subarray(begin, begin + row.length * dMlp), end);
    end += row.length * dMlp;
  });
  return result;
}
