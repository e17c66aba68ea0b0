import { beforeEach, expect, test } from "vitest";
import { NoStorage } from "../../../src/engine/storage/openStore.ts";
import { VectorShelf, type VectorShelfOptions } from "../../../src/engine/storage/VectorShelf.ts";
import { full, memoryKeyed } from "../../support/engine/memoryKeyed.ts";

let refuse: () => void;
let browser: ReturnType<typeof memoryKeyed>;
let now: number;
beforeEach(() => {
  refuse = () => undefined;
  browser = memoryKeyed(() => refuse());
  now = 0;
});

const opened = (more: VectorShelfOptions = {}) =>
  new VectorShelf({ database: browser.database, clock: () => ++now, ...more });
const z = Float32Array.of(1, 2, 3);

test("a vector is found again by another visit, and forgotten when asked", async () => {
  await opened().set("a fact", z);
  const shelf = opened();
  expect(await shelf.get("a fact")).toEqual(z);
  expect(await shelf.get("another")).toBeUndefined();
  expect(await shelf.size()).toEqual({ vectors: 1, bytes: 12 });
  await shelf.clear();
  expect(await shelf.get("a fact")).toBeUndefined();
  expect(await shelf.size()).toEqual({ vectors: 0, bytes: 0 });
  expect(browser.entries.size).toBe(0);
});

test("a full database keeps vectors in memory, says so, and takes the next one when there is room", async () => {
  const shelf = opened();
  refuse = full;
  await shelf.set("a fact", z);
  expect(shelf.trouble).toMatch(/storage is full/);
  expect(await shelf.get("a fact")).toEqual(z);
  expect((await shelf.size()).vectors).toBe(1);
  refuse = () => undefined;
  await shelf.set("another", z);
  expect(shelf.trouble).toBeUndefined();
});

test("without a database everything still answers", async () => {
  const refused = () => Promise.reject(new NoStorage("another tab holds it", "close that tab"));
  const shelf = opened({
    database: { get: refused, keys: refused, entries: refused, change: refused },
  });
  await shelf.set("a fact", z);
  expect(shelf.trouble).toBe(
    "another tab holds it, so an interrupted run of many facts goes on only until the page is closed; close that tab",
  );
  expect(await shelf.get("a fact")).toEqual(z);
  expect(await shelf.size()).toEqual({ vectors: 1, bytes: 12 });
  await shelf.clear();
  expect(await shelf.get("a fact")).toBeUndefined();
});

test("what is no vector is not one", async () => {
  browser.entries.set("vector/a fact", "spoilt");
  browser.entries.set("note/a fact", "spoilt");
  expect(await opened().get("a fact")).toBeUndefined();
  expect(await opened().size()).toEqual({ vectors: 1, bytes: 0 });
});

test("beyond the bound those go that were written first, from the database and from memory", async () => {
  const shelf = opened({ most: 30 });
  for (const name of ["a", "b"]) await shelf.set(name, z);
  await shelf.set("a", z); // written anew, and so the newest
  for (let i = 0; i < 61; i++) await shelf.set("a", z);
  await shelf.set("c", z); // the 65th looks at how much there is
  await shelf.set("d", z);
  expect(await shelf.get("b")).toBeUndefined();
  expect(await shelf.get("c")).toEqual(z);

  refuse = full;
  const held = opened({ most: 30 });
  for (const name of ["e", "f", "g"]) await held.set(name, z);
  expect(await held.get("e")).toBeUndefined();
  expect(await held.get("g")).toEqual(z);
});
