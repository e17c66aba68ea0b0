import { expect, test } from "vitest";
import { StatisticsStore } from "../../../src/engine/storage/statisticsStore.ts";
import { SymmetricTiles } from "../../../src/kernels/covariance/SymmetricTiles.ts";

const key = { stamp: "tiny", precision: "f32", layer: 0, corpus: "none", dtype: "float32" };
const statistics = {
  layer: 0,
  dMlp: 3,
  count: 4,
  sum: SymmetricTiles.from(Float32Array.of(4, 1, 2, 1, 5, 3, 2, 3, 6), 3, 2),
  source: "none",
};

test("the browser's own database keeps statistics between two stores", async () => {
  expect(await new StatisticsStore().save(key, statistics)).toBeUndefined();
  const store = new StatisticsStore();
  expect(await store.load(key)).toEqual(statistics);
  await store.delete(key);
  expect(await new StatisticsStore().load(key)).toBeUndefined();
});
