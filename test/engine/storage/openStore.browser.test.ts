import { get, set } from "idb-keyval";
import { expect, test } from "vitest";
import { keyedDatabase } from "../../../src/engine/storage/KeyedDatabase.ts";
import { openStore } from "../../../src/engine/storage/openStore.ts";

const settled = (request: IDBOpenDBRequest) =>
  new Promise<string>((resolve) => {
    request.onsuccess = () => resolve("success");
    request.onblocked = () => resolve("blocked");
    request.onerror = () => resolve("error");
  });

test("a newer page is let in at once, and this one says that it is old", async () => {
  const name = crypto.randomUUID();
  const store = openStore(name, "entries");
  await set("a", 1, store);
  const newer = indexedDB.open(name, 2);
  expect(await settled(newer)).toBe("success");
  newer.result.close();
  await expect(get("a", store)).rejects.toThrow(/a newer version of this page/);
});

test("what the browser has evicted is begun anew", async () => {
  const name = crypto.randomUUID();
  const store = openStore(name, "entries");
  await set("a", 1, store);
  expect(await settled(indexedDB.deleteDatabase(name))).toBe("success");
  expect(await get("a", store)).toBeUndefined();
  await set("a", 2, store);
  expect(await get("a", store)).toBe(2);
});

test("a change is one transaction: two of them at once lose nothing, and one that fails changes nothing", async () => {
  const name = crypto.randomUUID();
  const [one, two] = [1, 2].map(() => keyedDatabase(name));
  const add = (tab: typeof one, value: number) =>
    tab.change("list", (current) => new Map([["list", [...((current as number[]) ?? []), value]]]));
  await Promise.all(Array.from({ length: 20 }, (_, i) => add(i % 2 ? one : two, i)));
  expect(((await one.get("list")) as number[]).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 20 }, (_, i) => i),
  );
  const wrong = new Map<string, unknown>([
    ["entry", 1],
    ["list", () => "cannot be cloned"],
  ]);
  await expect(one.change("list", () => wrong)).rejects.toThrow();
  expect(await two.keys("entry")).toEqual([]);
  expect(await two.entries("li")).toHaveLength(1);
});
