import { expect, test } from "vitest";
import { StatisticsStore } from "../../src/engine/statisticsStore.ts";

const key = { model: "tiny", revision: "test", layer: 0, corpus: "none", dtype: "float32" };
const statistics = {
  layer: 0,
  dMlp: 3,
  count: 4,
  sum: Float32Array.from({ length: 9 }, (_, i) => i / 2),
  source: "none",
};

test("the browser's own database keeps statistics between two stores", async () => {
  expect(await new StatisticsStore().save(key, statistics)).toBeUndefined();
  const store = new StatisticsStore();
  expect(await store.load(key)).toEqual(statistics);
  await store.delete(key);
  expect(await new StatisticsStore().load(key)).toBeUndefined();
});
