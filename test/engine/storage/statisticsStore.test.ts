import { describe, expect, test } from "vitest";
import {
  statisticsKey,
  StatisticsStore,
  type StatisticsKey,
  type StoredStatistics,
} from "../../../src/engine/storage/statisticsStore.ts";
import type { TileDatabase } from "../../../src/engine/storage/tileDatabase.ts";
import { SymmetricTiles } from "../../../src/kernels/covariance/SymmetricTiles.ts";
import { memoryDatabase, memoryLocks } from "../../support/engine/memoryDatabase.ts";

const key: StatisticsKey = {
  stamp: "1f".repeat(32),
  precision: "f32",
  layer: 3,
  corpus: "wikitext",
  sampleSize: 1000,
  dtype: "float32",
};
/** Entry [i, j] is scale · (i + j). */
const symmetric = (n: number, scale: number) =>
  SymmetricTiles.from(
    Float32Array.from({ length: n * n }, (_, k) => scale * (Math.floor(k / n) + (k % n))),
    n,
    2,
  );
const statistics = (dMlp: number, scale = 1): StoredStatistics => ({
  layer: 3,
  dMlp,
  count: 12345,
  sum: symmetric(dMlp, scale),
  source: "wikitext",
  sampleSize: 1000,
});
/** Entries of a set of 5 × 5 in tiles of 2: six tiles, their head, and the counter of generations. */
const ENTRIES = 8;

describe("the key", () => {
  test("is one string of all that matters", () => {
    expect(statisticsKey(key)).toBe(
      `statistics/3/${"1f".repeat(32)}/f32/3/wikitext/1000/all/float32`,
    );
  });
  test.each([
    ["contents of the model", { ...key, stamp: "2e".repeat(32) }],
    ["precision of its matrices", { ...key, precision: "q4" }],
    ["layer", { ...key, layer: 33 }],
    ["corpus", { ...key, corpus: "wiki/text" }],
    ["sample size", { ...key, sampleSize: 100 }],
    ["tokens", { ...key, tokens: 3072 }],
    ["dtype", { ...key, dtype: "float16" }],
  ])("differs by %s", (_, other) => {
    expect(statisticsKey(other)).not.toBe(statisticsKey(key));
  });
  test("of all texts is not that of any number", () => {
    const { sampleSize: _size, ...all } = key;
    expect(statisticsKey(all)).toContain("/all/");
  });
});

test("what is saved is there after a reload, tile by tile", async () => {
  const { database, entries } = memoryDatabase();
  const store = new StatisticsStore(database);
  expect(await store.save(key, statistics(5))).toBeUndefined();
  expect(entries.size).toBe(ENTRIES);
  expect(await new StatisticsStore(database).load(key)).toEqual(statistics(5));
});

test("a second save replaces the first and leaves no old tiles", async () => {
  const { database, entries } = memoryDatabase();
  const store = new StatisticsStore(database);
  await store.save(key, statistics(5));
  await store.save(key, statistics(5, 2));
  expect(entries.size).toBe(ENTRIES);
  expect((await new StatisticsStore(database).load(key))?.sum.at(3, 0)).toBe(6);
});

describe("a tab that is killed in the middle of a save", () => {
  // Entries are written in order, so that all deaths of a tab are these.
  test.each([1, 2, 3, 4, 5, 6, 7])(
    "leaves the old statistics before write %i, and its leftovers are swept up",
    async (last) => {
      let writes = Infinity;
      const { database, entries } = memoryDatabase(() => {
        if (writes-- <= 0) throw new Error("killed");
      });
      const before = new StatisticsStore(database);
      await before.save(key, statistics(5));
      writes = last;
      const dying: TileDatabase = {
        ...database,
        // Nor does a dead tab give its space back.
        flip: (change) =>
          writes < 1 ? Promise.reject(new Error("killed")) : database.flip(change),
      };
      await new StatisticsStore(dying).save(key, statistics(5, 2));
      writes = Infinity;
      const after = new StatisticsStore(database, { locks: memoryLocks() });
      expect(await after.load(key)).toEqual(statistics(5));
      await after.sweep();
      expect(entries.size).toBe(ENTRIES);
      expect(await after.load(key)).toEqual(statistics(5));
    },
  );
});

test("sweeping leaves alone what another tab is writing", async () => {
  const { database, entries } = memoryDatabase();
  const locks = memoryLocks();
  let swept: Promise<void> | undefined;
  const slow: TileDatabase = {
    ...database,
    async set(name, value) {
      await database.set(name, value);
      await (swept ??= new StatisticsStore(database, { locks }).sweep());
    },
  };
  await new StatisticsStore(slow, { locks }).save(key, statistics(5));
  expect(swept).toBeDefined();
  expect(entries.size).toBe(ENTRIES);
  expect(await new StatisticsStore(database).load(key)).toEqual(statistics(5));
});

describe.each([
  ["with Web Locks", memoryLocks],
  ["without Web Locks", () => undefined],
])("two tabs at once, %s", (_, locksOf) => {
  test("leave one of the two matrices, and nothing else", async () => {
    const { database, entries } = memoryDatabase();
    const locks = locksOf();
    const tabs = [1, 2].map(() => new StatisticsStore(database, { locks }));
    await Promise.all(tabs.map((tab, i) => tab.save(key, statistics(5, i + 1))));
    const found = await new StatisticsStore(database, { locks }).load(key);
    expect([statistics(5, 1), statistics(5, 2)]).toContainEqual(found);
    expect(entries.size).toBe(ENTRIES);
  });

  test("the slower one with the older generation leaves the newer set", async () => {
    const { database, entries } = memoryDatabase();
    const locks = locksOf();
    let other: Promise<unknown> | undefined;
    const slow: TileDatabase = {
      ...database,
      async set(name, value) {
        // Before its last tile, another tab saves its own.
        if (!locks && name.endsWith(".5"))
          await (other ??= new StatisticsStore(database, { locks }).save(key, statistics(5, 2)));
        await database.set(name, value);
      },
    };
    await new StatisticsStore(slow, { locks }).save(key, statistics(5, 1));
    if (locks) await new StatisticsStore(database, { locks }).save(key, statistics(5, 2));
    expect(await new StatisticsStore(database).load(key)).toEqual(statistics(5, 2));
    expect(entries.size).toBe(ENTRIES);
  });
});

test("a database that speaks of damage is one that cannot be asked, and no statistics are", async () => {
  const { database } = memoryDatabase();
  await new StatisticsStore(database).save(key, statistics(5));
  const damaged = () => Promise.reject(new Error("the index is damaged"));
  expect(await new StatisticsStore({ ...database, get: damaged }).load(key)).toBeUndefined();
});

describe("what is not what was written is a sentence, not a matrix", () => {
  const damage = async (change: (entries: Map<string, unknown>) => void) => {
    const { database, entries } = memoryDatabase();
    await new StatisticsStore(database).save(key, statistics(5));
    change(entries);
    return new StatisticsStore(database);
  };
  const tile = (entries: Map<string, unknown>) =>
    [...entries.keys()].filter((name) => name.includes("#"))[3];

  test.each<[string, (entries: Map<string, unknown>) => void, string]>([
    ["a number changed", (all) => ((all.get(tile(all)) as Float32Array)[1] = 7), "tile 3"],
    ["a tile missing", (all) => all.delete(tile(all)), "tile 3"],
    ["a tile cut short", (all) => all.set(tile(all), new Float32Array(2)), "tile 3"],
    [
      "the count changed",
      (all) => ((all.get(statisticsKey(key)) as { about: { count: number } }).about.count = 1),
      "their head",
    ],
  ])("%s", async (_, change, what) => {
    const store = await damage(change);
    await expect(store.load(key)).rejects.toThrow(
      `the kept statistics are damaged: ${what} is not what was written; delete them, and import or collect them again`,
    );
    await store.delete(key);
    expect(await store.load(key)).toBeUndefined();
  });
});

test("the list tells of all that a model has, newest first, with notes and sizes", async () => {
  const { database } = memoryDatabase();
  const store = new StatisticsStore(database);
  const other = { ...key, layer: 4 };
  await store.save(key, statistics(5), { date: 1 });
  await store.save(other, { ...statistics(5), layer: 4 }, { date: 2 });
  await store.save({ ...key, stamp: "another" }, statistics(5), { date: 3 });
  await store.note(key, { date: 4, effectiveRank: 2.5 });
  const { sum: _sum, ...about } = statistics(5);
  const kept = { ...about, bytes: 6 * 16, memoryOnly: false };
  expect(await new StatisticsStore(database).list(key)).toEqual([
    { ...kept, key, date: 4, effectiveRank: 2.5 },
    { ...kept, key: other, layer: 4, date: 2 },
  ]);
  expect(await store.load(key)).toEqual(statistics(5));
});

test("deleted statistics are gone, others stay", async () => {
  const { database, entries } = memoryDatabase();
  const store = new StatisticsStore(database);
  const other = { ...key, layer: 4 };
  await store.save(key, statistics(5));
  await store.save(other, statistics(5));
  await store.delete(key);
  expect(await store.load(key)).toBeUndefined();
  expect(await new StatisticsStore(database).load(other)).toBeDefined();
  expect(entries.size).toBe(ENTRIES);
});

describe("nothing is lost, and a sentence says why it is in memory only", () => {
  const kept = async (database: TileDatabase | undefined, why: string) => {
    const store = new StatisticsStore(database, { patience: 20 });
    expect(await store.save(key, statistics(5))).toBe(
      `the statistics are kept in memory only, until the page closes (${why}); export them as .npz to keep them`,
    );
    expect(await store.load(key)).toEqual(statistics(5));
    expect(await store.list(key)).toMatchObject([{ key, memoryOnly: true }]);
  };

  test("no IndexedDB, as in some private windows", async () => {
    expect(typeof indexedDB).toBe("undefined");
    await kept(undefined, "this browser gives the page no IndexedDB");
  });

  test("full", async () => {
    const { database, entries } = memoryDatabase(() => {
      throw new DOMException("Encountered full disk", "QuotaExceededError");
    });
    await kept(database, "the browser's storage for this page is full");
    expect(entries.size).toBe(0);
  });

  test("full after the first tile: its space is given back", async () => {
    let room = 2;
    const { database, entries } = memoryDatabase(() => {
      if (room-- === 0) throw new DOMException("", "QuotaExceededError");
    });
    await kept(database, "the browser's storage for this page is full");
    expect([...entries.keys()]).toEqual(["generation"]);
  });

  test("refused", async () => {
    const next = () =>
      Promise.reject(new DOMException("The operation is insecure.", "SecurityError"));
    await kept({ ...memoryDatabase().database, next }, "The operation is insecure.");
  });

  test("blocked: the database never answers", async () => {
    const never = () => new Promise<never>(() => undefined);
    await kept(
      { get: never, set: never, keys: never, next: never, flip: never },
      "the database does not answer; is the page open in another tab?",
    );
  });

  test("reading from a broken database finds nothing, and does not fail", async () => {
    const get = () => Promise.reject(new Error("broken"));
    const store = new StatisticsStore({ ...memoryDatabase().database, get });
    expect(await store.load(key)).toBeUndefined();
  });
});
