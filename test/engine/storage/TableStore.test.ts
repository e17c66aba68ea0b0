import { expect, test } from "vitest";
import { TableStore } from "../../../src/engine/storage/TableStore.ts";
import { full, memoryKeyed } from "../../support/engine/memoryKeyed.ts";

const row = (id: number, subject = `Tower ${id}`) => ({
  id,
  source: id + 1,
  prompt: "{} is in",
  subject,
  target: "Rome",
  truth: "",
});
const table = (id: string, created = "2026-11-21T10:00:00.000Z") => ({
  id,
  name: "Towers",
  origin: "towers.csv",
  counted: "row" as const,
  created,
});
const many = (count: number) => Array.from({ length: count }, (_, i) => row(i));

test("a table is there on the next visit, with its rows in their order", async () => {
  const { database } = memoryKeyed();
  await new TableStore(database).begin(table("a"), many(600));
  await new TableStore(database).begin(table("b", "2026-11-21T11:00:00.000Z"), many(2));
  const next = new TableStore(database);
  expect((await next.list()).map(({ id, rows }) => [id, rows])).toEqual([
    ["b", 2],
    ["a", 600],
  ]);
  expect([...(await next.rows("a"))]).toEqual(many(600));
});

test("what two tabs do to rows of one table both stays", async () => {
  const { database } = memoryKeyed();
  const [one, other] = [new TableStore(database), new TableStore(database)];
  await one.begin(table("a"), many(3));
  const ids = await Promise.all([one.allot("a", 1), other.allot("a", 1)]);
  expect(new Set(ids).size).toBe(2);
  await Promise.all([
    one.change("a", { put: [row(0, "The Louvre")] }),
    other.change("a", { put: [row(1, "The Prado"), row(ids[1]!)] }),
    other.change("a", { drop: [2] }),
  ]);
  expect([...(await one.rows("a"))].map(({ subject }) => subject)).toEqual([
    "The Louvre",
    "The Prado",
    `Tower ${ids[1]}`,
  ]);
  expect((await one.list())[0].rows).toBe(3);
});

test("a table that is deleted takes its rows and measures with it, and is changed no more", async () => {
  const { database, entries } = memoryKeyed();
  const store = new TableStore(database);
  await store.begin(table("a"), many(300));
  await store.keepMeasured("a", "stamp", { part: "known/0", change: () => ({}) });
  await store.remove("a");
  expect(entries.size).toBe(0);
  expect(await store.rename("a", "x")).toBeUndefined();
  expect(await store.allot("a", 1)).toBeUndefined();
});

test("a full disk keeps tables as long as the page, and says so", async () => {
  const { database } = memoryKeyed(full);
  const store = new TableStore(database);
  await store.begin(table("a"), many(3));
  await store.change("a", { put: [row(1, "The Prado")], drop: [0] });
  expect([...(await store.rows("a"))].map(({ id }) => id)).toEqual([1, 2]);
  expect((await store.list())[0]).toMatchObject({ rows: 2 });
  expect(store.trouble).toMatch(/storage is full, so tables of facts are kept only until the page/);
});

test("what is damaged is left out", async () => {
  const { database, entries } = memoryKeyed();
  const store = new TableStore(database);
  await store.begin(table("a"), many(2));
  entries.set("head/b", { id: 5 });
  entries.set("rows/a/000000000", [row(0), { id: "x" }]);
  expect(await store.list()).toHaveLength(1);
  expect([...(await store.rows("a"))]).toEqual([row(0)]);
});
