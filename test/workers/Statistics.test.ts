import { readFileSync } from "node:fs";
import { beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { Model } from "../../src/engine/Model.ts";
import { StatisticsStore } from "../../src/engine/storage/statisticsStore.ts";
import type { TileDatabase } from "../../src/engine/storage/tileDatabase.ts";
import { Queue } from "../../workers/Queue.ts";
import { Statistics } from "../../workers/Statistics.ts";
import { memoryDatabase } from "../support/engine/memoryDatabase.ts";
import { goldenCorpus, tinyModel } from "../support/methods/tiny.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let model: Model;
let text: string;
beforeAll(async () => {
  model = await tinyModel("tiny-gpt2");
  text = (await goldenCorpus()).slice(0, 20).join("\n");
});

let database: TileDatabase;
let queue: Queue;
beforeEach(() => {
  ({ database } = memoryDatabase());
  queue = new Queue();
});

/** A worker's statistics over the store of this test. */
const opened = (store = new StatisticsStore(database), identity = model.identity) =>
  new Statistics(
    {
      queue,
      config: () => model.config,
      identity: () => identity,
      model: () => model,
      files: () => undefined,
    },
    store,
  );

const npz = () =>
  new File([readFileSync("test/golden/numbers/tiny-gpt2/statistics.npz")], "statistics.npz");
const date = 1;
const none = () => undefined;
const collection = () => ({
  layers: [0, 1],
  text: { kind: "paste" as const, text },
  form: "lines" as const,
  date,
});

test("a file is taken for its layer, used at once, and there on the next visit", async () => {
  const statistics = opened();
  expect(await statistics.has(1)).toBe(false);
  const { kept } = await statistics.add(1, { from: npz(), layer: 1, date }, none);
  expect(kept).toMatchObject([{ layer: 1, source: "statistics.npz", inUse: true }]);
  expect(kept[0].effectiveRank).toBeGreaterThan(1);
  expect(statistics.view()).toMatchObject([{ layer: 1, source: "statistics.npz" }]);

  const later = opened();
  expect(await later.has(1)).toBe(true);
  expect(later.view()).toEqual([]);
  const [before, after] = [await statistics.of(1), await later.of(1)];
  expect(after?.count).toBe(before?.count);
  expect(await later.of(0)).toBeUndefined();
});

test("a layer that the model has not is refused by its number", async () => {
  const adding = opened().add(1, { from: npz(), layer: 7, date }, none);
  await expect(adding).rejects.toThrow("invalid layer: 7 (this model has 0–2)");
});

test("a file that says its layer needs none, and is taken for no other", async () => {
  const statistics = opened();
  await statistics.add(1, { from: npz(), layer: 1, date }, none);
  const [{ key }] = (await statistics.overview()).kept;
  const { blob } = await statistics.file(2, key);
  const own = new File([blob], "C.npz");
  const [taken] = (await opened().add(3, { from: own, date }, none)).kept;
  expect(taken.layer).toBe(1);
  await expect(opened().add(4, { from: own, layer: 0, date }, none)).rejects.toThrow(
    "C.npz is of layer 1, not of layer 0",
  );
  await expect(opened().add(5, { from: npz(), date }, none)).rejects.toThrow(
    "statistics.npz does not say of which layer it is; give the layer",
  );
});

test("a text is collected for several layers, and told as it goes", async () => {
  const stages: string[] = [];
  const { kept, collection: begun } = await opened().collect(1, collection(), (_, stage) =>
    stages.push(stage),
  );
  expect(kept.map(({ layer, source, inUse }) => [layer, source, inUse])).toEqual([
    [0, "pasted text", true],
    [1, "pasted text", true],
  ]);
  expect(begun).toBeUndefined();
  expect(new Set(stages)).toContain("collecting");
  expect(stages.at(-1)).toMatch(/^keeping the statistics/);
});

test("a collection that is cancelled goes on, is used as it is, or is forgotten", async () => {
  const statistics = opened();
  const stopped = statistics.collect(1, collection(), (progress) => {
    if (progress && progress.tokens > 0) queue.cancel(1);
  });
  await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
  const { collection: begun } = await statistics.overview();
  expect(begun).toMatchObject({ layers: [0, 1], source: "pasted text" });
  expect(begun!.order).toMatchObject({ layers: [0, 1], form: "lines" });
  const taken = await statistics.takeCollected(2, date);
  expect(taken.kept).toHaveLength(2);
  expect(taken.collection).toBeDefined();
  expect((await statistics.dropCollection(3)).collection).toBeUndefined();
  await expect(statistics.takeCollected(4, date)).rejects.toThrow(/nothing is collected yet/);
});

test("the one that is used is chosen, written to a file that can be read again, and deleted", async () => {
  const statistics = opened();
  await statistics.add(1, { from: npz(), layer: 1, date }, none);
  await statistics.collect(2, { ...collection(), layers: [1], date: 2 }, none);
  const inUse = (overview: { kept: { source: string; inUse: boolean }[] }) =>
    overview.kept.filter((entry) => entry.inUse).map(({ source }) => source);
  expect(inUse(await statistics.overview())).toEqual(["pasted text"]);
  const { kept } = await statistics.overview();
  const { key } = kept.find(({ source }) => source === "statistics.npz")!;
  expect(inUse(await statistics.use(3, key, 3))).toEqual(["statistics.npz"]);

  const { name, blob } = await statistics.file(4, key);
  expect(name).toMatch(/^transformer\.h\.1\.mlp\.c_proj_float32_mom2.*\.npz$/);
  const again = await opened(new StatisticsStore(undefined)).add(
    5,
    { from: new File([blob], name), layer: 1, date },
    none,
  );
  expect(again.atHand[0].count).toBe(kept.find((entry) => entry.key === key)!.count);

  expect((await statistics.remove(6, key)).kept.map(({ source }) => source)).toEqual([
    "pasted text",
  ]);
  expect((await statistics.of(1))?.source).toBe("pasted text");
});

test("without a database everything is held until the page closes, and that is said", async () => {
  const statistics = opened(new StatisticsStore(undefined));
  const overview = await statistics.add(1, { from: npz(), layer: 1, date }, none);
  expect(overview.notice).toMatch(/no IndexedDB/);
  expect(overview.kept[0].memoryOnly).toBe(true);
  await expect(statistics.dropCollection(2)).rejects.toThrow(/keeps nothing/);
});

test("another model's statistics are others", async () => {
  const statistics = opened();
  await statistics.add(1, { from: npz(), layer: 1, date }, none);
  statistics.reset();
  expect(statistics.view()).toEqual([]);
});

const twin = () => ({ ...model.identity, stamp: "2e".repeat(32) });

test("a model of the same name and other contents has none of them", async () => {
  await opened().add(1, { from: npz(), layer: 1, date }, none);
  const statistics = opened(undefined, twin());
  expect(await statistics.has(1)).toBe(false);
  expect(await statistics.of(1)).toBeUndefined();
  expect((await statistics.overview()).kept).toEqual([]);
});

test("those of another precision are listed and said, and used only when they are chosen", async () => {
  await opened().add(1, { from: npz(), layer: 1, date }, none);
  const statistics = opened(undefined, { ...model.identity, precision: "q4" });
  expect(await statistics.has(1)).toBe(false);
  const { kept } = await statistics.overview();
  expect(kept).toMatchObject([{ layer: 1, otherPrecision: "f32", inUse: false }]);
  const chosen = await statistics.use(2, kept[0].key, 2);
  expect(chosen.kept[0].inUse).toBe(true);
  expect(await statistics.has(1)).toBe(true);
});

test("a file that says that it is of another model is asked about, and taken when the answer is yes", async () => {
  const first = opened();
  const [{ key }] = (await first.collect(1, { ...collection(), layers: [1] }, none)).kept;
  const { name, blob } = await first.file(2, key);
  const from = new File([blob], name);
  const statistics = opened(new StatisticsStore(undefined), twin());
  const asked = await statistics.add(3, { from, layer: 1, date }, none);
  expect(asked.question).toMatch(/was made with tiny-gpt2 of other contents/);
  expect(asked.kept).toEqual([]);
  const taken = await statistics.add(4, { from, layer: 1, date, another: true }, none);
  expect(taken.question).toBeUndefined();
  expect(taken.kept[0].source).toMatch(/of tiny-gpt2 \(another model\)$/);
  const own = await opened(new StatisticsStore(undefined)).add(5, { from, layer: 1, date }, none);
  expect(own.question).toBeUndefined();
});

test("a collection of a model of the same name and other contents is not gone on with", async () => {
  const statistics = opened();
  const stopped = statistics.collect(1, collection(), (progress) => {
    if (progress && progress.tokens > 0) queue.cancel(1);
  });
  await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
  expect((await opened(undefined, twin()).overview()).collection).toBeUndefined();
  expect((await opened().overview()).collection).toBeDefined();
});
