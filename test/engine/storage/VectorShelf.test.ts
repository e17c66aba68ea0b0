import { beforeEach, expect, test, vi } from "vitest";
import { VectorShelf } from "../../../src/engine/storage/VectorShelf.ts";

const database = vi.hoisted(() => ({
  clear: vi.fn(),
  createStore: vi.fn(),
  get: vi.fn(),
  keys: vi.fn(),
  setMany: vi.fn(),
}));
vi.mock("idb-keyval", () => database);

/** What the database holds. */
let kept: Map<string, unknown>;

beforeEach(() => {
  kept = new Map();
  database.createStore.mockReset().mockReturnValue("store");
  database.get.mockReset().mockImplementation((name: string) => Promise.resolve(kept.get(name)));
  database.keys.mockReset().mockImplementation(() => Promise.resolve([...kept.keys()]));
  database.clear.mockReset().mockImplementation(() => Promise.resolve(kept.clear()));
  database.setMany.mockReset().mockImplementation((entries: [string, unknown][]) => {
    for (const [name, value] of entries) kept.set(name, value);
    return Promise.resolve();
  });
});

const z = Float32Array.of(1, 2, 3);

test("a vector is found again by another visit, and forgotten when asked", async () => {
  await new VectorShelf().set("a fact", z);
  const shelf = new VectorShelf();
  expect(await shelf.get("a fact")).toEqual(z);
  expect(await shelf.get("another")).toBeUndefined();
  expect(await shelf.size()).toEqual({ vectors: 1, bytes: 12 });
  await shelf.clear();
  expect(await shelf.get("a fact")).toBeUndefined();
  expect(await shelf.size()).toEqual({ vectors: 0, bytes: 0 });
});

test("a full database keeps vectors in memory, says so, and takes the next one when there is room", async () => {
  const shelf = new VectorShelf();
  database.setMany.mockRejectedValueOnce(new DOMException("no room", "QuotaExceededError"));
  await shelf.set("a fact", z);
  expect(shelf.trouble).toMatch(/storage is full/);
  expect(await shelf.get("a fact")).toEqual(z);
  expect((await shelf.size()).vectors).toBe(1);
  await shelf.set("another", z);
  expect(shelf.trouble).toBeUndefined();
});

test("without a database everything still answers", async () => {
  const refused = () => {
    throw new ReferenceError("indexedDB is not defined");
  };
  database.createStore.mockImplementation(refused);
  const shelf = new VectorShelf();
  await shelf.set("a fact", z);
  expect(shelf.trouble).toMatch(/lets the page store nothing/);
  expect(await shelf.get("a fact")).toEqual(z);
  expect(await shelf.size()).toEqual({ vectors: 1, bytes: 12 });
  await shelf.clear();
  expect(await shelf.get("a fact")).toBeUndefined();
});

test("what is no vector is not one", async () => {
  kept.set("a fact", "spoilt");
  expect(await new VectorShelf().get("a fact")).toBeUndefined();
});
