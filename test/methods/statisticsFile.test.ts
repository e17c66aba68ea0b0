import { expect, test } from "vitest";
import { readNpz, writeNpz, type NpyArray } from "../../src/data/npz.ts";
import type { LayerStatistics } from "../../src/methods/statistics.ts";
import {
  readStatistics,
  statisticsFileName,
  statisticsNpz,
} from "../../src/methods/statisticsFile.ts";

const statistics: LayerStatistics = {
  ...{ layer: 17, dMlp: 2, count: 12, source: "wikipedia", sampleSize: 5 },
  sum: Float32Array.of(4, 1, 1, 3),
};
const about = { layer: 17, source: "wikipedia" };

test("statistics survive a file in the authors' form", () => {
  const read = readNpz(writeNpz(statisticsNpz(statistics)));
  expect(read["mom2.count"]).toMatchObject({ shape: [], dtype: "i8" });
  expect(read["mom2.mom2"]).toMatchObject({ shape: [2, 2], dtype: "f4" });
  expect(readStatistics(read, about)).toEqual(statistics);
});

test("without a sample size the file holds the authors' boxed null", () => {
  const { sampleSize, ...all } = statistics;
  expect(sampleSize).toBe(5);
  const arrays = statisticsNpz(all);
  const bits = new BigUint64Array((arrays.sample_size.data as Float64Array).buffer);
  expect(bits[0]).toBe(0xfff8000000000002n);
  expect(readStatistics(readNpz(writeNpz(arrays)), about)).toEqual(all);
});

const moment = (shape: number[], data: number[]): NpyArray => ({
  ...{ shape, dtype: "f4" },
  data: Float32Array.from(data),
});

test.each([
  ["a member missing", "mom2.mom2", undefined, 'has no "mom2.mom2"'],
  ["a matrix that is not square", "mom2.mom2", moment([1, 2], [1, 2]), "a square matrix"],
  ["a count of zero", "mom2.count", moment([], [0]), "invalid mom2.count: 0"],
  ["a zero diagonal", "mom2.mom2", moment([2, 2], [4, 0, 0, 0]), "diagonal element 1 is 0"],
  ["numbers that are not finite", "mom2.mom2", moment([2, 2], [4, NaN, 0, 1]), "not finite"],
])("refuses %s", (_, name, array, message) => {
  const { [name]: removed, ...rest } = statisticsNpz(statistics);
  expect(removed).toBeDefined();
  const arrays = array ? { ...rest, [name]: array } : rest;
  expect(() => readStatistics(arrays, about)).toThrow(message);
});

test("file names are those of the published statistics", () => {
  const name = { corpus: "wikipedia", sampleSize: 100000 };
  expect(
    statisticsFileName({ ...name, model: "gpt2-xl", module: "transformer.h.17.mlp.c_proj" }),
  ).toBe("gpt2-xl/wikipedia_stats/transformer.h.17.mlp.c_proj_float32_mom2_100000.npz");
  expect(
    statisticsFileName({
      ...{ ...name, model: "EleutherAI/gpt-j-6B", module: "transformer.h.5.mlp.fc_out" },
    }),
  ).toBe("EleutherAI_gpt-j-6B/wikipedia_stats/transformer.h.5.mlp.fc_out_float32_mom2_100000.npz");
});

test("another limit of tokens is another file", () => {
  const name = { model: "gpt2", corpus: "wikitext", module: "transformer.h.0.mlp.c_proj" };
  expect(statisticsFileName({ ...name, batchTokens: 100 })).not.toBe(statisticsFileName(name));
});
