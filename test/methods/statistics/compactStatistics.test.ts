import { describe, expect, test } from "vitest";
import type { NpyArray } from "../../../src/data/archive/npy.ts";
import { writeNpz } from "../../../src/data/archive/npz.ts";
import { blobSource } from "../../../src/data/archive/npzStream.ts";
import { readStatistics } from "../../../src/methods/statistics/statisticsFile.ts";

const about = { layer: 3, source: "ours", what: "ours.npz" };
const read = (members: Record<string, NpyArray>, more = {}) => {
  const bytes = writeNpz(members) as Uint8Array<ArrayBuffer>;
  return readStatistics(blobSource(new Blob([bytes])), { ...about, ...more });
};
const integer = (value: number): NpyArray => ({
  shape: [],
  dtype: "i8",
  data: BigInt64Array.of(BigInt(value)),
});
const list = (values: number[]): NpyArray => ({
  shape: [values.length],
  dtype: "f4",
  data: Float32Array.from(values),
});
const codes = (values: ArrayLike<number>): NpyArray => ({
  shape: [values.length],
  dtype: "i2",
  data: Int16Array.from(values),
});
const three = {
  "mom2.count": integer(12),
  "mom2.diagonal": list([4, 9, 16]),
  "mom2.correlation": codes([32_767, -16_384, 1]),
  sample_size: integer(5),
};

test("a diagonal and correlations below it are the sum", async () => {
  const { sum, ...rest } = await read(three, { dMlp: 3 });
  expect(rest).toMatchObject({ layer: 3, source: "ours", dMlp: 3, count: 12, sampleSize: 5 });
  const half = (-16_384 / 32_767) * 8;
  const step = 12 / 32_767;
  expect(sum.dense()).toBeAllclose([4, 6, half, 6, 9, step, half, step, 16], { rtol: 1e-7 });
});

test("a matrix of several tiles comes back within half a step of each correlation", async () => {
  const n = 600; // three tiles across, the last one not full
  const diagonal = Array.from({ length: n }, (_, i) => 1 + (i % 7));
  const correlation = (i: number, j: number) => Math.sin(i * 31 + j * 17);
  const below = diagonal.flatMap((_, i) =>
    Array.from({ length: i }, (_, j) => Math.round(32_767 * correlation(i, j))),
  );
  const { sum } = await read({
    ...three,
    "mom2.diagonal": list(diagonal),
    "mom2.correlation": codes(below),
  });
  const wrong = diagonal.flatMap((d, i) =>
    Array.from(sum.row(i)).filter((value, j) => {
      const expected = i === j ? 1 : correlation(Math.max(i, j), Math.min(i, j));
      return !(Math.abs(value / Math.sqrt(d * diagonal[j]) - expected) < 0.51 / 32_767);
    }),
  );
  expect(wrong).toEqual([]);
});

describe("is refused with the reason:", () => {
  test.each<[string, Record<string, NpyArray>, string]>([
    [
      "too few correlations",
      { "mom2.correlation": codes([0, 0]) },
      '"mom2.correlation" in ours.npz is not the 3 int16 that keys of 3 numbers have',
    ],
    [
      "correlations of floats",
      { "mom2.correlation": list([0, 0, 0]) },
      '"mom2.correlation" in ours.npz is not the 3 int16',
    ],
    ["a correlation beyond 1", { "mom2.correlation": codes([0, 0, -32_768]) }, "beyond 1"],
    [
      "a diagonal with a zero",
      { "mom2.diagonal": list([4, 0, 16]) },
      '"mom2.diagonal" in ours.npz has at 1 what is no sum of squares above 0 and finite',
    ],
    ["a diagonal without an end", { "mom2.diagonal": list([4, Infinity, 16]) }, "has at 1 what"],
    ["an empty diagonal", { "mom2.diagonal": list([]) }, "is no list of float32"],
    ["no count", { "mom2.count": integer(0) }, "at least one token"],
  ])("%s", async (_, members, message) => {
    await expect(read({ ...three, ...members })).rejects.toThrow(message);
  });

  test("keys of another model, before the correlations are read", async () => {
    await expect(read({ ...three, "mom2.correlation": codes([]) }, { dMlp: 1024 })).rejects.toThrow(
      '"mom2.diagonal" in ours.npz: these statistics are of keys with 3 numbers, but this model\'s have 1024',
    );
  });

  test("a file without its diagonal", async () => {
    const { "mom2.diagonal": _, ...rest } = three;
    await expect(read(rest)).rejects.toThrow('ours.npz has no "mom2.diagonal"');
  });
});
