import { beyond } from "../../engine/transformer/finite.ts";
import { type CollectionMark, type CollectionState, stateIn } from "./collectionState.ts";
import type { Stoppable } from "../../engine/runtime/Stoppable.ts";
import { checksum } from "../../data/archive/crc32.ts";
import type { KeyCovariances, Model } from "../../engine/Model.ts";
import { MemoryTotals, type CovarianceTotals } from "../../engine/covariance/CovarianceTotals.ts";
import type { StoredStatistics } from "../../engine/storage/statisticsStore.ts";
import type { ModelIdentity } from "../../data/identity/ModelIdentity.ts";
import { shown } from "../../data/outside/shown.ts";
import { pythonShuffle } from "../random/pythonRandom.ts";

/** The covariance of one layer's keys over a corpus (METHODS 3), as the engine keeps it. */
export type LayerStatistics = StoredStatistics;

/** What {@link collectStatistics} collects. */
export interface CollectOptions extends Stoppable {
  layers: readonly number[];
  /** The corpus's name, kept in the result. */
  source: string;
  /** How many texts to draw, in the order of Python's `random.Random(1).shuffle`; default all. */
  samples?: number | undefined;
  /** Longer texts are cut; default the model's context. */
  batchTokens?: number | undefined;
  /** Stop after this many tokens, of texts in that shuffle's order: a few times dMlp are enough in practice. */
  tokens?: number | undefined;
  /** Where the sums live; a collection that was interrupted goes on from there. Default: memory. */
  totals?: CovarianceTotals | undefined;
  /** Milliseconds of some clock, for the estimate and for commits now and then. */
  now?: (() => number) | undefined;
  onProgress?: (progress: CollectProgress) => void;
  /** Told when a collection that was begun cannot go on, and starts anew. */
  onNotice?: (sentence: string) => void;
}

/** How far a collection is. */
export interface CollectProgress {
  /** Texts that are done, of how many. */
  texts: number;
  totalTexts: number;
  /** Keys summed so far, in this run and before it. */
  tokens: number;
  /** Keys to sum in all where that was asked for, else as many as the texts so far let expect. */
  totalTokens: number;
  tokensPerSecond?: number | undefined;
  secondsLeft?: number | undefined;
}

/** A collection that was begun, as far as its last commit. */
export interface CollectionBegun {
  layers: number[];
  source: string;
  /** Keys summed. */
  count: number;
  done: boolean;
}

/** Texts that are read together before they are sorted by length (METHODS 3). */
const GROUP = 100;
/** A commit at most this often, and never for more than a tenth of the time. */
const COMMIT_MS = 30_000;
const COMMIT_SHARE = 10;
/** Keys that float32 sums take at most before they go to a disk. */
const DEFERRED = 2 ** 18;

/**
 * Sums k kᵀ over the tokens of a corpus, k the input of the MLP output matrix (METHODS 3). Any number of layers share
 * one pass, which stops at the highest one's key. The sums are float64 and rounded at the end.
 *
 * @throws when a layer is out of range or no text has a token; an AbortError when it was paused
 */
export async function collectStatistics(
  model: Model,
  texts: readonly string[],
  options: CollectOptions,
): Promise<LayerStatistics[]> {
  const { layers, totals = new MemoryTotals() } = options;
  const drawn = drawTexts(texts, options);
  const covariances = await model.keyCovariances(layers);
  try {
    const collection = new Collection(model, covariances, { ...options, totals, drawn });
    await collection.start();
    await collection.run();
  } finally {
    covariances.dispose();
  }
  return (await collected(totals)) ?? [];
}

/** How far the collection is that these totals hold; undefined where there is none. */
export async function collectionOf(totals: CovarianceTotals): Promise<CollectionBegun | undefined> {
  const state = stateIn(await totals.read());
  if (!state) return undefined;
  const { source, count, done } = state;
  return { layers: state.about.layers.split(",").map(Number), source, count, done };
}

/**
 * What a collection has summed up to its last commit; undefined where there is nothing yet.
 *
 * @throws where a key's square is not finite
 */
export async function collected(totals: CovarianceTotals): Promise<LayerStatistics[] | undefined> {
  const state = stateIn(await totals.read());
  if (!state || state.count === 0) return undefined;
  const { dMlp, count, source, sampleSize, model } = state;
  const all: LayerStatistics[] = [];
  for (const layer of state.about.layers.split(",").map(Number)) {
    const sum = await totals.sum(layer);
    for (let i = 0; i < dMlp; i++) {
      if (Number.isFinite(sum.at(i, i))) continue;
      throw beyond(
        `a key of layer ${layer}, squared,`,
        "switch off the edits that are on, or load the model again, at f32 if it is not",
      );
    }
    all.push({ layer, dMlp, count, source, sampleSize, model, sum });
  }
  return all;
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

/** One collection under way: which batch is next, and what its totals do not have yet. */
class Collection {
  readonly #model: Model;
  readonly #covariances: KeyCovariances;
  readonly #options: CollectOptions & { totals: CovarianceTotals; drawn: readonly string[] };
  readonly #pace: Pace;
  #state!: CollectionState;
  #undrained = 0;

  constructor(
    model: Model,
    covariances: KeyCovariances,
    options: CollectOptions & { totals: CovarianceTotals; drawn: readonly string[] },
  ) {
    this.#model = model;
    this.#covariances = covariances;
    this.#options = options;
    this.#pace = new Pace(options.now);
  }

  /** Takes up what was committed of the same collection, or starts from nothing. */
  async start(): Promise<void> {
    const { totals, layers, source, samples, drawn } = this.#options;
    const { dMlp } = this.#model.config;
    const about = markOf(this.#model, { ...this.#options, side: this.#covariances.side });
    const before = stateIn(await totals.read());
    if (before) checkSameModel(before, this.#model.identity);
    const why = before && difference(before.about, about);
    if (before && !why) {
      this.#state = before;
    } else {
      if (why) this.#options.onNotice?.(why);
      await totals.begin({ layers, n: dMlp, side: this.#covariances.side });
      const sampled = samples === undefined ? {} : { sampleSize: drawn.length };
      const position = { group: 0, batch: 0, count: 0, done: false };
      const model = this.#model.identity;
      this.#state = { about, dMlp, source, model, ...sampled, ...position };
    }
    this.#pace.start(this.#state.count);
  }

  /** Reads group after group to the end, the limit, or a pause. */
  async run(): Promise<void> {
    const { drawn, signal } = this.#options;
    const begin = { ...this.#state };
    for (let group = begin.group; group < drawn.length && !this.#state.done; group += GROUP) {
      const batches = this.#batchesOf(drawn.slice(group, group + GROUP));
      for (let batch = group === begin.group ? begin.batch : 0; batch < batches.length; batch++) {
        if (signal?.aborted) await this.#commit();
        signal?.throwIfAborted();
        await this.#add(batches[batch]);
        Object.assign(this.#state, { group, batch: batch + 1 });
        if (this.#isDue()) await this.#commit();
        if (this.#left === 0) break;
        this.#report((batch + 1) / batches.length);
      }
      this.#report(1);
      if (this.#left === 0) break;
    }
    if (this.#state.count === 0) {
      throw new Error("the corpus is empty; give at least one text with words");
    }
    if (this.#state.done) return;
    this.#state.done = true;
    await this.#commit();
  }

  /** Tokens that may still be read. */
  get #left(): number {
    return (this.#options.tokens ?? Infinity) - this.#state.count;
  }

  #batchesOf(texts: readonly string[]): number[][][] {
    const { positions } = this.#model.config;
    const longest = Math.min(positions, this.#options.batchTokens ?? positions);
    const rows = texts.map((text) => this.#model.tokenizer.encode(text).slice(0, longest));
    return lengthBatches(
      rows.filter((row) => row.length > 0),
      3 * positions,
    );
  }

  async #add(batch: number[][]): Promise<void> {
    const added = await this.#covariances.add(firstTokens(batch, this.#left));
    this.#state.count += added;
    this.#undrained += added;
  }

  /**
   * A commit is due when float32 sums are full. One that goes to a disk takes long: it is made from time to time, and
   * float32 sums may take up to {@link DEFERRED} keys until then, with an error bound that is as many times larger.
   */
  #isDue(): boolean {
    const { totals, now } = this.#options;
    if (!totals.durable || !now) return this.#covariances.isDue;
    return this.#pace.isDue() || (this.#covariances.isDue && this.#undrained > DEFERRED);
  }

  async #commit(): Promise<void> {
    const { totals } = this.#options;
    await this.#pace.pausedFor(async () => {
      if (this.#undrained > 0) await this.#covariances.drain((tile) => totals.add(tile));
      this.#undrained = 0;
      await totals.commit({ ...this.#state });
    });
  }

  #report(share: number): void {
    const { drawn, tokens, onProgress } = this.#options;
    const { group, count } = this.#state;
    const texts = group + share * Math.min(GROUP, drawn.length - group);
    const expected = Math.round((count / texts) * drawn.length);
    const totalTokens = Math.max(count, Math.min(tokens ?? Infinity, expected));
    const rate = this.#pace.tokensPerSecond(count);
    onProgress?.({
      texts: Math.floor(texts),
      totalTexts: drawn.length,
      tokens: count,
      totalTokens,
      tokensPerSecond: rate || undefined,
      secondsLeft: rate ? (totalTokens - count) / rate : undefined,
    });
  }
}

/** When commits are due, and how fast keys are read; knows nothing where there is no clock. */
class Pace {
  readonly #now: (() => number) | undefined;
  #begun = 0;
  #before = 0;
  #committed = 0;
  #cost = 0;

  constructor(now?: () => number) {
    this.#now = now;
  }

  /** Begins with `tokens` that were read before. */
  start(tokens: number): void {
    this.#before = tokens;
    this.#begun = this.#committed = this.#now?.() ?? 0;
  }

  isDue(): boolean {
    const since = (this.#now?.() ?? 0) - this.#committed;
    return since > Math.max(COMMIT_MS, COMMIT_SHARE * this.#cost);
  }

  /** Does a commit, and takes its time. */
  async pausedFor(commit: () => Promise<void>): Promise<void> {
    const begun = this.#now?.() ?? 0;
    await commit();
    this.#committed = this.#now?.() ?? 0;
    this.#cost = this.#committed - begun;
  }

  tokensPerSecond(tokens: number): number | undefined {
    const seconds = ((this.#now?.() ?? 0) - this.#begun) / 1000;
    return seconds > 0 ? (tokens - this.#before) / seconds : undefined;
  }
}

/** As much of a batch as has at most `limit` tokens: whole rows, and the beginning of one. */
function firstTokens(batch: number[][], limit: number): number[][] {
  let left = limit;
  const rows = batch.map((row) => {
    const taken = row.slice(0, Math.max(0, left));
    left -= taken.length;
    return taken;
  });
  return rows.filter((row) => row.length > 0);
}

/** The texts that are read, in order: all, the authors' sample, or all in the sample's order. */
function drawTexts(
  texts: readonly string[],
  { samples, tokens }: CollectOptions,
): readonly string[] {
  checkWhole("samples", samples);
  checkWhole("tokens", tokens);
  if (samples === undefined && tokens === undefined) return texts;
  return pythonShuffle(texts.length, 1)
    .slice(0, samples)
    .map((i) => texts[i]);
}

function checkWhole(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isInteger(value) && value > 0)) return;
  throw new Error(`invalid ${name}: ${value} (an integer from 1)`);
}

function markOf(
  { identity }: Model,
  what: CollectOptions & { drawn: readonly string[]; side: number },
): CollectionMark {
  const { layers, drawn, samples, batchTokens, tokens, side } = what;
  const encoder = new TextEncoder();
  const bytes = drawn.reduce((crc, text) => checksum(encoder.encode(`${text}\0`), crc), 0);
  return {
    model: markOfModel(identity),
    layers: layers.join(","),
    texts: `${drawn.length} texts, ${bytes.toString(16)}`,
    settings: JSON.stringify({ samples, batchTokens, tokens, side }),
  };
}

/**
 * Hours of another model's collection are not overwritten, nor gone on with; nor those of a name that two models may have.
 *
 * @throws a sentence
 */
function checkSameModel({ about, model }: CollectionState, open: ModelIdentity): void {
  if (about.model === markOfModel(open)) return;
  const whose = model
    ? `${shown(model.id)} (stamp ${model.stamp.slice(0, 8)}, ${shown(model.precision)})`
    : `${shown(about.model)}, by an earlier version that knew models by their names alone`;
  throw new Error(
    `the collection that was begun is of ${whose}; give another folder, or delete this one to begin anew`,
  );
}

const markOfModel = ({ stamp, precision }: ModelIdentity) => `${stamp} in ${precision}`;

/** Why a collection cannot go on as another, as a sentence. */
function difference(before: CollectionMark, now: CollectionMark): string | undefined {
  const names = { layers: "layers", texts: "texts", settings: "limits" } as const;
  const changed = (Object.keys(names) as (keyof typeof names)[]).filter(
    (key) => before[key] !== now[key],
  );
  if (changed.length === 0) return undefined;
  const what = changed.map((key) => `${names[key]} (${before[key]})`).join(", ");
  return `the collection that was begun had other ${what}; this one starts anew`;
}
