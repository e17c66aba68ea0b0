import type { NpyArray } from "../data/npy.ts";
import type { LayerStatistics } from "./statistics.ts";

/**
 * Statistics as the arrays of the authors' `.npz` (METHODS 3): `mom2.mom2` is the sum, `mom2.count` the
 * number of tokens. Their loader compares `sample_size` with what it asks for; the boxed null of NumPy
 * stands for "all texts".
 */
export function statisticsNpz(statistics: LayerStatistics): Record<string, NpyArray> {
  const { dMlp, count, sum, sampleSize } = statistics;
  const integer = (value: number): NpyArray => ({
    ...{ shape: [], dtype: "i8" },
    data: BigInt64Array.of(BigInt(value)),
  });
  return {
    "mom2.constructor": { shape: [], dtype: "U", data: ["util.runningstats.SecondMoment()"] },
    "mom2.count": integer(count),
    "mom2.mom2": { shape: [dMlp, dMlp], dtype: "f4", data: sum },
    sample_size: sampleSize === undefined ? boxedNull() : integer(sampleSize),
  };
}

/**
 * Reads statistics in the authors' form.
 *
 * @param arrays the members of the `.npz`
 * @param about which layer they belong to, and the name of their source; the file itself says neither
 * @throws one sentence when a member is missing or misshapen, or the matrix cannot be a second moment
 */
export function readStatistics(
  arrays: Record<string, NpyArray>,
  about: { layer: number; source: string },
): LayerStatistics {
  const moment = member(arrays, "mom2.mom2");
  const count = Number(member(arrays, "mom2.count").data[0]);
  const [dMlp, columns] = moment.shape;
  if (moment.shape.length !== 2 || dMlp !== columns) {
    throw new Error(`"mom2.mom2" is [${moment.shape.join(", ")}]; a square matrix is expected`);
  }
  if (!(Number.isInteger(count) && count > 0)) {
    throw new Error(`invalid mom2.count: ${count} (statistics of at least one token are needed)`);
  }
  const sum = Float32Array.from(moment.data as Float32Array);
  checkMoment(sum, dMlp);
  const sampleSize = Number(arrays.sample_size?.data[0] ?? NaN);
  return { ...about, dMlp, count, sum, ...(sampleSize > 0 && { sampleSize }) };
}

/** What names a set of statistics on disk. */
export interface StatisticsName {
  /** The model's id; "/" becomes "_". */
  model: string;
  corpus: string;
  /** The module's name, "transformer.h.17.mlp.c_proj". */
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

function member(arrays: Record<string, NpyArray>, name: string): NpyArray {
  const array = arrays[name] as NpyArray | undefined;
  if (!array) {
    const names = Object.keys(arrays).join(", ");
    throw new Error(`the file has no "${name}" (it has ${names}); is it a statistics file?`);
  }
  return array;
}

/** Σ k kᵀ has a positive diagonal; zeros there are an empty or damaged file (METHODS 10.1). */
function checkMoment(sum: Float32Array, dMlp: number): void {
  if (!sum.every(Number.isFinite)) {
    throw new Error("the statistics hold numbers that are not finite; get or collect them again");
  }
  for (let i = 0; i < dMlp; i++) {
    if (!(sum[i * dMlp + i] > 0)) {
      throw new Error(
        `the statistics are not a second moment: diagonal element ${i} is ${sum[i * dMlp + i]}; get or collect them again`,
      );
    }
  }
}

/** How the authors' cache writes None: the float64 with the bits 0xFFF8000000000002. */
function boxedNull(): NpyArray {
  const bits = BigUint64Array.of(0xfff8000000000002n);
  return { shape: [], dtype: "f8", data: new Float64Array(bits.buffer) };
}
