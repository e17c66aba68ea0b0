import { describe, expect, test } from "vitest";
import {
  MemoryTotals,
  type CovarianceTotals,
} from "../../../src/engine/covariance/CovarianceTotals.ts";
import { StoredTotals } from "../../../src/engine/storage/StoredTotals.ts";
import type { TileDatabase } from "../../../src/engine/storage/tileDatabase.ts";
import { TileSets } from "../../../src/engine/storage/TileSets.ts";
import { memoryDatabase, memoryLocks } from "../../support/engine/memoryDatabase.ts";

const shape = { layers: [4, 2], n: 3, side: 2 };
const open = (database: TileDatabase, locks = memoryLocks()) =>
  StoredTotals.open(new TileSets(database, { locks }), "collection/test");

/** Adds the number to every entry of every tile. */
async function addAll(totals: CovarianceTotals, value: number) {
  for (const layer of shape.layers) {
    for (let tile = 0; tile < 3; tile++) {
      await totals.add({ layer, tile, partial: new Float32Array(4).fill(value + layer) });
    }
  }
}

const entry = async (totals: CovarianceTotals, layer: number) => (await totals.sum(layer)).at(2, 0);

describe.each([
  ["memory", () => Promise.resolve(new MemoryTotals())],
  ["the database", () => open(memoryDatabase().database)],
])("totals in %s", (_, make) => {
  test("sum what was added between commits, layer by layer", async () => {
    const totals = await make();
    expect(await totals.read()).toBeUndefined();
    await totals.begin(shape);
    await addAll(totals, 1);
    await totals.commit({ at: 1 });
    await addAll(totals, 10);
    await totals.commit({ at: 2 });
    expect(await totals.read()).toEqual({ at: 2 });
    expect(await entry(totals, 4)).toBe(19);
    expect(await entry(totals, 2)).toBe(15);
  });

  test("are float64: ones survive beside 2²⁵", async () => {
    const totals = await make();
    await totals.begin(shape);
    await addAll(totals, 2 ** 25);
    await totals.commit({});
    for (let i = 0; i < 3; i++) {
      await addAll(totals, 1);
      await totals.commit({});
    }
    await addAll(totals, -(2 ** 25));
    await totals.commit({});
    expect(await entry(totals, 4)).toBe(3 + 5 * 4);
  });

  test("begin again from zero", async () => {
    const totals = await make();
    await totals.begin(shape);
    await addAll(totals, 1);
    await totals.commit({});
    await totals.begin(shape);
    await addAll(totals, 2);
    await totals.commit({});
    expect(await entry(totals, 2)).toBe(4);
  });
});

test("a later visit goes on from the last commit, whatever was added since", async () => {
  const { database } = memoryDatabase();
  const first = await open(database);
  await first.begin(shape);
  await addAll(first, 1);
  await first.commit({ at: 1 });
  await first.add({ layer: 4, tile: 0, partial: new Float32Array(4).fill(100) });
  const second = await open(database); // the first tab is gone
  expect(await second.read()).toEqual({ at: 1 });
  await addAll(second, 10);
  await second.commit({ at: 2 });
  expect((await second.sum(4)).at(0, 0)).toBe(19);
});

test("two tabs do not collect at once; a closed one lets go", async () => {
  const { database } = memoryDatabase();
  const locks = memoryLocks();
  const first = await open(database, locks);
  await expect(open(database, locks)).rejects.toThrow(
    "another tab collects statistics of this model; pause it there first",
  );
  first.close();
  await Promise.resolve();
  await expect(open(database, locks)).resolves.toBeDefined();
});

test("without locks, the second to commit is told", async () => {
  const { database } = memoryDatabase();
  const tabs = [0, 1].map(() =>
    StoredTotals.open(new TileSets(database, { locks: undefined }), "c"),
  );
  const [first, second] = await Promise.all(tabs);
  await first.begin(shape);
  await addAll(first, 1);
  await first.commit({ at: 1 });
  await second.read();
  await addAll(second, 1);
  await addAll(first, 1);
  await second.commit({ at: 2 });
  await expect(first.commit({ at: 2 })).rejects.toThrow("another tab has gone on");
  expect(await entry(second, 4)).toBe(10);
});

test("a damaged tile is a sentence", async () => {
  const { database, entries } = memoryDatabase();
  const totals = await open(database);
  await totals.begin(shape);
  await addAll(totals, 1);
  await totals.commit({});
  const [name] = [...entries.keys()].filter((key) => key.includes("#"));
  (entries.get(name) as Float64Array)[0] = 7;
  await expect(totals.sum(4)).rejects.toThrow("the kept statistics are damaged: tile 0");
});

test.each([0, 1, 4])(
  "when the database is full after %i tiles, the sums go on in memory and the last commit stays",
  async (tiles) => {
    let room = Infinity;
    const { database } = memoryDatabase((key) => {
      if (key.includes("#") && room-- <= 0) throw new DOMException("", "QuotaExceededError");
    });
    const totals = await open(database);
    await totals.begin(shape);
    await addAll(totals, 1);
    await totals.commit({ at: 1 });
    room = tiles;
    await addAll(totals, 10);
    await totals.commit({ at: 2 });
    await addAll(totals, 100);
    await totals.commit({ at: 3 });
    expect(totals.problem).toBe(
      "the collection goes on in memory only, until the page closes (the browser's storage for this page is full); free some space, or use what is collected before closing the page",
    );
    expect(await entry(totals, 4)).toBe(111 + 3 * 4);
    expect(await totals.read()).toEqual({ at: 3 });
    const later = await open(database);
    expect(await later.read()).toEqual({ at: 1 });
    expect(await entry(later, 4)).toBe(5);
  },
);

test("what a collection is made from is there on a later visit, until it is cleared", async () => {
  const { database, entries } = memoryDatabase();
  const first = await open(database);
  await first.begin(shape);
  await addAll(first, 1);
  await first.commit({});
  expect(await first.remember({ source: "a.txt" })).toBe(true);
  const second = await open(database);
  expect(await second.remembered()).toEqual({ source: "a.txt" });
  await second.clear();
  expect([...entries.keys()]).toEqual(["generation"]);
});
