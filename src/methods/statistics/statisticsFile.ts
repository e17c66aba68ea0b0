import type { Stoppable } from "../../engine/runtime/Stoppable.ts";
import { shown } from "../../data/outside/shown.ts";
import { NpzStream, type ByteSource } from "../../data/archive/npzStream.ts";
import * as v from "valibot";
import { stamp } from "../../data/delta/provenance.ts";
import { object, someText, text, whole } from "../../data/outside/kinds.ts";
import { readJson } from "../../data/outside/readJson.ts";
import type { StatedIdentity } from "../../data/identity/ModelIdentity.ts";
import { npzPieces } from "../../data/archive/npzWriter.ts";
import type { NpyArray } from "../../data/archive/npy.ts";
import type { NpyHeader } from "../../data/archive/npyHeader.ts";
import { SymmetricTiles } from "../../kernels/covariance/SymmetricTiles.ts";
import { isCompact, readCompactSum } from "./compactStatistics.ts";
import type { LayerStatistics } from "./statistics.ts";
import { type AskedLayer, statisticsLayer } from "./statisticsLayer.ts";

/** What a statistics file is read for. The authors' files say their layer in their names, ours within too. */
export interface StatisticsAbout extends AskedLayer {
  /** The name of the corpus. */
  source: string;
  /** The model's, which the file must have. */
  dMlp?: number;
  /** What messages call the file. */
  what?: string;
}

/** How the reader of a statistics file watches and stops it. */
export interface ReadOptions extends Stoppable {
  onProgress?: (rows: number, total: number) => void;
}

/** Larger than any model's dMlp: what a matrix of more rows claims is not a covariance. */
const WIDEST = 2 ** 17;
/** Entries of each row that are compared with their mirror images. */
const MIRRORED = 4;

/**
 * The pieces of a statistics file in the authors' form (METHODS 3), which NumPy and their `layer_stats` load:
 * `mom2.mom2` is the sum, `mom2.count` the number of tokens. Their loader compares `sample_size` with what it asks
 * for; the boxed null of NumPy stands for "all texts". The matrix is written row by row. `palimpsest` is our own member,
 * which they do not look at: the layer, and the model whose keys these are, as JSON.
 */
export function statisticsPieces(statistics: LayerStatistics): Generator<Uint8Array> {
  const { layer, dMlp, count, sum, sampleSize, model } = statistics;
  const integer = (value: number): NpyArray => ({
    shape: [],
    dtype: "i8",
    data: BigInt64Array.of(BigInt(value)),
  });
  return npzPieces({
    "mom2.constructor": { shape: [], dtype: "U", data: ["util.runningstats.SecondMoment()"] },
    "mom2.count": integer(count),
    "mom2.mom2": { shape: [dMlp, dMlp], rows: () => rowsOf(sum) },
    sample_size: sampleSize === undefined ? boxedNull() : integer(sampleSize),
    [MEMBER]: ownMember(layer, model),
  });
}

/** Our member of a statistics file. */
const MEMBER = "palimpsest";

function ownMember(layer: number, of: StatedIdentity | undefined): NpyArray {
  const { id, revision, stamp, precision } = of ?? {};
  const model = of && { id, revision, stamp, precision };
  return { shape: [], dtype: "U", data: [JSON.stringify({ layer, model })] };
}

/** The layer and the model that a statistics file says it is of; neither where it does not, as in those that are published. */
async function memberIn(
  npz: NpzStream,
  what: string,
): Promise<{ layer?: number | undefined; model?: StatedIdentity | undefined }> {
  if (!npz.names.includes(MEMBER)) return {};
  const [text] = (await npz.small(MEMBER)).data as string[];
  return readJson(String(text), memberSchema, `"${MEMBER}" of ${what}`);
}

const memberSchema = object({
  layer: v.optional(whole()),
  model: v.optional(
    object({
      id: someText,
      revision: v.optional(text),
      stamp: v.optional(stamp),
      precision: v.optional(text),
    }),
  ),
});

/**
 * Reads statistics in the authors' form, or in the compact one ({@link readCompactSum}), as a stream: the dense matrix is
 * never held, only its lower half.
 *
 * @throws one sentence when the file is damaged, a member is missing or misshapen, or the matrix cannot be a second
 *   covariance of this model's keys: of another layer, not square, not symmetric, not finite, with a diagonal that is not positive
 */
export async function readStatistics(
  source: ByteSource,
  about: StatisticsAbout,
  options: ReadOptions = {},
): Promise<LayerStatistics> {
  const { dMlp, what = about.source } = about;
  const npz = await NpzStream.open(source, about.what);
  const { layer: said, model } = await memberIn(npz, what);
  const layer = statisticsLayer({ what, layer: said }, about);
  const count = await wholeNumber(npz, "mom2.count");
  if (!(count > 0)) {
    const found = `${npz.label("mom2.count")} is no whole number above 0`;
    throw new Error(`${found}; statistics of at least one token are needed`);
  }
  const sampleSize = npz.names.includes("sample_size") ? await wholeNumber(npz, "sample_size") : 0;
  const sum = await (isCompact(npz) ? compactSum : denseSum)(npz, dMlp, options);
  const sampled = sampleSize > 0 ? { sampleSize } : {};
  return { layer, source: about.source, dMlp: sum.n, count, ...sampled, model, sum };
}

async function denseSum(
  npz: NpzStream,
  dMlp: number | undefined,
  { onProgress, signal }: ReadOptions,
): Promise<SymmetricTiles> {
  let covariance: CovarianceBuilder | undefined;
  await npz.rows(
    "mom2.mom2",
    (header) => {
      const label = npz.label("mom2.mom2");
      covariance = new CovarianceBuilder(rowsAndColumns(header, { dMlp, label }), npz.what);
    },
    (first, rows) => {
      signal?.throwIfAborted();
      covariance!.setRows(first, rows);
      onProgress?.(first + rows.length / covariance!.n, covariance!.n);
    },
  );
  return covariance!.finish();
}

function compactSum(
  npz: NpzStream,
  dMlp: number | undefined,
  { onProgress, signal }: ReadOptions,
): Promise<SymmetricTiles> {
  return readCompactSum(npz, {
    checkSize: (n, label) => checkSize(n, { dMlp, label }),
    onEntries(done, total) {
      signal?.throwIfAborted();
      onProgress?.(done, total);
    },
  });
}

/** A scalar that is a whole number; 0 for any other. */
async function wholeNumber(npz: NpzStream, name: string): Promise<number> {
  const { shape, dtype, data } = await npz.small(name);
  const value = shape.length === 0 && dtype !== "U" ? Number(data[0]) : 0;
  return Number.isSafeInteger(value) ? value : 0;
}

/** What names a set of statistics on disk. */
export interface StatisticsName {
  /** The model's id; "/" becomes "_". */
  model: string;
  corpus: string;
  /** The name of the module whose inputs they are. */
  module: string;
  precision?: "float32" | "float64";
  /** Absent where all texts were used. */
  sampleSize?: number;
  /** Given only where texts were cut shorter than the model's context. */
  batchTokens?: number;
}

/**
 * The authors' path of a set of statistics below their statistics folder (METHODS 3), which is where
 * published files are found. The token limit is in the name, which they meant and missed.
 */
export function statisticsFileName(name: StatisticsName): string {
  const { model, corpus, module, precision = "float32", sampleSize, batchTokens } = name;
  const limit = batchTokens === undefined ? "" : `_t${batchTokens}`;
  const size = sampleSize === undefined ? "" : `_${sampleSize}`;
  return `${model.replaceAll("/", "_")}/${corpus}_stats/${module}_${precision}_mom2${limit}${size}.npz`;
}

/** The size of a matrix that is as it should be, before any of it is read. */
function rowsAndColumns(
  { shape, dtype }: NpyHeader,
  { dMlp, label }: { dMlp: number | undefined; label: string },
): number {
  const [rows, columns] = shape;
  if (shape.length !== 2 || rows !== columns || rows < 1) {
    throw new Error(`${label} is [${shown(shape.join(", "))}]; a square matrix is expected`);
  }
  checkSize(rows, { dMlp, label });
  if (dtype !== "f4" && dtype !== "f8") {
    throw new Error(`${label} holds ${dtype}; float32 or float64 is expected`);
  }
  return rows;
}

/** Refuses keys of another size than the model's, or than any model's. */
function checkSize(n: number, { dMlp, label }: { dMlp: number | undefined; label: string }): void {
  if (dMlp !== undefined && n !== dMlp) {
    throw new Error(
      `${label}: these statistics are of keys with ${n} numbers, but this model's have ${dMlp}; take those of this model`,
    );
  }
  if (n > WIDEST) throw new Error(`${label} is of keys with ${n} numbers, beyond any model's`);
}

/** Takes a dense matrix by rows, checks it, and keeps its lower half. */
class CovarianceBuilder {
  readonly n: number;
  readonly #sum: SymmetricTiles;
  /** Some entries above the diagonal, {@link MIRRORED} a row. */
  readonly #above: Float32Array;

  readonly #what: string;

  /** @param what names the file in messages */
  constructor(n: number, what: string) {
    this.n = n;
    this.#what = what;
    this.#sum = new SymmetricTiles(n);
    this.#above = new Float32Array(n * MIRRORED);
  }

  setRows(first: number, rows: Float32Array | Float64Array): void {
    const { n } = this;
    for (let k = 0; k < rows.length; k++) {
      if (Number.isFinite(Math.fround(rows[k]))) continue;
      throw this.#wrong("hold numbers that are not finite");
    }
    this.#sum.setRows(first, rows);
    for (let k = 0; k < rows.length / n; k++) {
      const i = first + k;
      for (let s = 0; s < MIRRORED; s++) {
        this.#above[i * MIRRORED + s] = rows[k * n + this.#mirrored(i, s)];
      }
    }
  }

  /** Σ k kᵀ has a positive diagonal, where zeros are an empty file (METHODS 10.1), and is symmetric. */
  finish(): SymmetricTiles {
    const diagonal = this.#sum.diagonal();
    const empty = diagonal.findIndex((value) => !(value > 0));
    if (empty >= 0) {
      throw this.#wrong(`are not a covariance: diagonal element ${empty} is ${diagonal[empty]}`);
    }
    this.#above.forEach((above, at) => {
      const i = Math.floor(at / MIRRORED);
      const j = this.#mirrored(i, at % MIRRORED);
      const below = this.#sum.at(j, i);
      if (Math.abs(above - below) <= 1e-3 * Math.sqrt(diagonal[i] * diagonal[j])) return;
      throw this.#wrong(
        `are not symmetric: element [${i}, ${j}] is ${above} and [${j}, ${i}] is ${below}`,
      );
    });
    return this.#sum;
  }

  #wrong(how: string): Error {
    return new Error(`the statistics of ${this.#what} ${how}; get or collect them again`);
  }

  /** The column, above the diagonal where there is one, of the s-th entry of row i that is compared. */
  #mirrored(i: number, s: number): number {
    const beyond = this.n - i - 1;
    return beyond === 0 ? i : i + 1 + ((i * 7919 + s * 104_729) % beyond);
  }
}

function* rowsOf(sum: SymmetricTiles): Generator<Float32Array> {
  for (let i = 0; i < sum.n; i++) yield sum.row(i);
}

/** How the authors' cache writes None: the float64 with the bits 0xFFF8000000000002. */
function boxedNull(): NpyArray {
  const bits = BigUint64Array.of(0xfff8000000000002n);
  return { shape: [], dtype: "f8", data: new Float64Array(bits.buffer) };
}
