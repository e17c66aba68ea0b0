import { describe, expect, test } from "vitest";
import {
  statisticsKey,
  StatisticsStore,
  type KeyValue,
  type StatisticsKey,
  type StoredStatistics,
} from "../../src/engine/statisticsStore.ts";

const key: StatisticsKey = {
  model: "openai-community/gpt2",
  revision: "main",
  layer: 3,
  corpus: "wikitext",
  sampleSize: 1000,
  dtype: "float32",
};
const statistics = (dMlp: number, scale = 1): StoredStatistics => ({
  layer: 3,
  dMlp,
  count: 12345,
  sum: Float32Array.from({ length: dMlp * dMlp }, (_, i) => scale * i),
  source: "wikitext",
  sampleSize: 1000,
});

/** idb-keyval over a Map; `refuse` may throw for a key that is about to be written. */
function fakeDatabase(refuse: (key: string) => void = () => undefined) {
  const entries = new Map<string, unknown>();
  const database: KeyValue = {
    get: (name) => Promise.resolve(structuredClone(entries.get(name))),
    set: (name, value) =>
      new Promise((resolve) => {
        refuse(name); // what it throws rejects the promise
        entries.set(name, structuredClone(value));
        resolve();
      }),
    delMany: (names) => Promise.resolve(names.forEach((name) => entries.delete(name))),
    keys: () => Promise.resolve([...entries.keys()]),
  };
  return { entries, database };
}

describe("the key", () => {
  test("is one string of all that matters", () => {
    expect(statisticsKey(key)).toBe(
      "statistics/1/openai-community%2Fgpt2/main/3/wikitext/1000/float32",
    );
  });
  test.each([
    ["model", { ...key, model: "openai-community" }],
    ["revision", { ...key, revision: "gpt2" }],
    ["layer", { ...key, layer: 33 }],
    ["corpus", { ...key, corpus: "wiki/text" }],
    ["sample size", { ...key, sampleSize: 100 }],
    ["dtype", { ...key, dtype: "float16" }],
  ])("differs by %s", (_, other) => {
    expect(statisticsKey(other)).not.toBe(statisticsKey(key));
  });
  test("of all texts is not that of any number", () => {
    const { sampleSize: _size, ...all } = key;
    expect(statisticsKey(all)).toContain("/all/");
  });
});

test.each([
  { tileBytes: 100, tiles: 1 },
  { tileBytes: 40, tiles: 3 }, // two rows of five, the last tile one
  { tileBytes: 1, tiles: 5 },
])("what is saved is there after a reload, in $tiles tiles", async ({ tileBytes, tiles }) => {
  const { database, entries } = fakeDatabase();
  const store = new StatisticsStore(database, { tileBytes });
  expect(await store.save(key, statistics(5))).toBeUndefined();
  expect(entries.size).toBe(1 + tiles);
  expect(await new StatisticsStore(database).load(key)).toEqual(statistics(5));
});

test("a second save replaces the first and leaves no old tiles", async () => {
  const { database, entries } = fakeDatabase();
  const store = new StatisticsStore(database);
  await store.save(key, statistics(5));
  await store.save(key, statistics(5, 2));
  expect(entries.size).toBe(2);
  expect((await new StatisticsStore(database).load(key))?.sum[3]).toBe(6);
});

test("a crash in the middle of a save leaves the old statistics", async () => {
  let broken = false;
  const { database } = fakeDatabase((name) => {
    if (broken && !name.includes("#")) throw new Error("the tab was closed");
  });
  await new StatisticsStore(database).save(key, statistics(5));
  broken = true;
  await new StatisticsStore(database).save(key, statistics(5, 2));
  expect((await new StatisticsStore(database).load(key))?.sum[3]).toBe(3);
});

test("deleted statistics are gone, others stay", async () => {
  const { database, entries } = fakeDatabase();
  const store = new StatisticsStore(database);
  const other = { ...key, layer: 4 };
  await store.save(key, statistics(5));
  await store.save(other, statistics(5));
  await store.delete(key);
  expect(await store.load(key)).toBeUndefined();
  expect(await new StatisticsStore(database).load(other)).toBeDefined();
  expect(entries.size).toBe(2);
});

describe("nothing is lost, and a sentence says why it is in memory only", () => {
  const kept = async (database: KeyValue | undefined, why: string) => {
    const store = new StatisticsStore(database, { patience: 20 });
    expect(await store.save(key, statistics(5))).toBe(
      `the statistics are kept in memory only, until the page closes (${why}); export them as .npz to keep them`,
    );
    expect(await store.load(key)).toEqual(statistics(5));
  };

  test("no IndexedDB", async () => {
    expect(typeof indexedDB).toBe("undefined");
    await kept(undefined, "this browser gives the page no IndexedDB");
  });

  test("full", async () => {
    const { database, entries } = fakeDatabase(() => {
      throw new DOMException("Encountered full disk", "QuotaExceededError");
    });
    await kept(database, "the browser's storage for this page is full");
    expect(entries.size).toBe(0);
  });

  test("full after the first tile: its space is given back", async () => {
    let room = 1;
    const { database, entries } = fakeDatabase(() => {
      if (room-- === 0) throw new DOMException("", "QuotaExceededError");
    });
    await kept(database, "the browser's storage for this page is full");
    expect(entries.size).toBe(0);
  });

  test("refused", async () => {
    const get = () =>
      Promise.reject(new DOMException("The operation is insecure.", "SecurityError"));
    await kept({ ...fakeDatabase().database, get }, "The operation is insecure.");
  });

  test("blocked: the database never answers", async () => {
    const get = () => new Promise<never>(() => undefined);
    await kept(
      { ...fakeDatabase().database, get },
      "the database does not answer; is the page open in another tab?",
    );
  });

  test("reading from a broken database finds nothing, and does not fail", async () => {
    const get = () => Promise.reject(new Error("broken"));
    const store = new StatisticsStore({ ...fakeDatabase().database, get });
    expect(await store.load(key)).toBeUndefined();
  });

  test("a set with a tile missing is not half read", async () => {
    const { database, entries } = fakeDatabase();
    await new StatisticsStore(database).save(key, statistics(5));
    entries.delete([...entries.keys()].find((name) => name.includes("#"))!);
    expect(await new StatisticsStore(database).load(key)).toBeUndefined();
  });
});
