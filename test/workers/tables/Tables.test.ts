import { beforeAll, expect, test, vi } from "vitest";
import { truthKey } from "../../../src/data/tables/rowFact.ts";
import type { Model } from "../../../src/engine/Model.ts";
import { TableStore } from "../../../src/engine/storage/TableStore.ts";
import { Queue } from "../../../workers/Queue.ts";
import { Measured } from "../../../workers/tables/Measured.ts";
import { Tables } from "../../../workers/tables/Tables.ts";
import type { TableRow } from "../../../workers/protocol/protocol.ts";
import { memoryKeyed } from "../../support/engine/memoryKeyed.ts";
import { tinyModel } from "../../support/methods/tiny.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let model: Model;
beforeAll(async () => {
  model = await tinyModel("tiny-gpt2");
});

function tables(database = memoryKeyed().database, stamp = "s") {
  let changes = 0;
  const host = {
    queue: new Queue(),
    model: () => model,
    stamp: () => stamp,
    changed: () => void changes++,
  };
  return { tables: new Tables(host, new TableStore(database)), changes: () => changes };
}

/** All rows that a table tells. */
async function whole<T>(get: (take: (rows: TableRow[]) => void) => Promise<T>) {
  const rows: TableRow[] = [];
  const found = await get((some) => void rows.push(...some));
  return { found, rows };
}

test("a file is read, kept, repaired and added to", async () => {
  const { database } = memoryKeyed();
  const { tables: desk, changes } = tables(database);
  const file = new Blob(["prompt;subject;target\n{} is in;A;B\n{} is in;;C"]);
  const { found, rows } = await whole((take) => desk.read({ file, name: "towers.csv" }, take));
  const { head } = found;
  expect(head).toMatchObject({ name: "towers.csv", rows: 2, counted: "row" });
  await desk.change(head.id, { put: [{ ...rows[1], subject: "D" }] });
  const [added] = await desk.add(head.id, [{ prompt: "", subject: "", target: "", truth: "" }]);
  expect(added.id).toBe(rows[1].id + 1);
  const again = await whole((take) => tables(database).tables.open(head.id, take));
  expect(again.rows.map(({ subject }) => subject)).toEqual(["A", "D", ""]);
  expect(changes()).toBe(3);
  await desk.remove(head.id);
  expect((await whole((take) => desk.open(head.id, take))).found).toBeUndefined();
  await expect(desk.add(head.id, [added])).rejects.toThrow("was deleted in another tab");
});

test("what a model knows is asked once and kept under its stamp", async () => {
  const { database } = memoryKeyed();
  const { tables: desk } = tables(database);
  const text = "{} is in the city of,The Space Needle,Rome,Seattle\n{} is in,The Louvre,Rome,Paris";
  const { found, rows } = await whole((take) => desk.read({ text, name: "pasted" }, take));
  const { head } = found;
  const report = vi.fn();
  const known = await desk.known(1, { id: head.id, rows }, report);
  const one = known[truthKey(rows[0])];
  expect(one.probability).toBeGreaterThan(0);
  expect(one.probability).toBeLessThan(1);
  expect(report).toHaveBeenLastCalledWith(2, 2);
  expect((await tables(database).tables.measures(head.id)).known).toEqual(known);
  expect((await tables(database, "another").tables.measures(head.id)).known).toEqual({});
});

/** CounterFact as a table, without the text that is not read here. */
const many = (count: number) =>
  Array.from({ length: count }, (_, i) => `{} is in,Tower ${i},Rome,Paris ${i % 90}`).join("\n");

test("a table of twenty thousand facts is read with the worker free in between, and told in parts", async () => {
  const { tables: desk } = tables();
  const sizes: number[] = [];
  let [turns, longest, last] = [0, 0, performance.now()];
  const timer = setInterval(() => {
    const now = performance.now();
    [turns, longest, last] = [turns + 1, Math.max(longest, now - last), now];
  });
  const source = { text: many(21_919), name: "CounterFact" };
  const { head } = await desk.read(source, (some) => void sizes.push(some.length));
  clearInterval(timer);
  expect(head.rows).toBe(21_919);
  expect(sizes.reduce((a, b) => a + b)).toBe(21_919);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(400);
  expect(turns).toBeGreaterThan(20);
});

test("what is found of a row writes the measures of its block and not of its table", async () => {
  const { database } = memoryKeyed((entries) => {
    for (const value of entries.values()) bytes += JSON.stringify(value).length;
  });
  let bytes = 0;
  const measured = new Measured(new TableStore(database));
  const rows = 21_919;
  const answer = { probability: 0.123456789012345, greedy: true };
  const key = (row: number) => JSON.stringify(["{} is in the city of", `Tower ${row}`, "Paris"]);
  for (let at = 0; at < rows; at += 32) {
    const some = Array.from({ length: Math.min(32, rows - at) }, (_, i) => at + i);
    await measured.keepKnown(
      "a",
      "s",
      some.map((row) => ({ row, key: key(row), answer })),
    );
    const scored = some.map((row) => ({ row, key: `${row}`, score: { before: answer } }));
    await measured.keepScores("a", "s", { at: "2026", edits: [], rows: scored });
  }
  expect(bytes / rows).toBeLessThan(400);
  const found = await measured.read("a", "s");
  expect(Object.keys(found.known)).toHaveLength(rows);
  expect(Object.keys(found.scores!.rows)).toHaveLength(rows);
  expect(await measured.read("a", "another")).toEqual({ known: {} });
});

test("scores that were taken with other edits on are not mixed with later ones", async () => {
  const { database, entries } = memoryKeyed();
  const measured = new Measured(new TableStore(database));
  const score = { before: { probability: 0.5, greedy: false } };
  const keep = (at: string, edits: string[], rows: number[]) =>
    measured.keepScores("a", "s", {
      at,
      edits,
      rows: rows.map((row) => ({ row, key: `${row}`, score })),
    });
  await keep("1", ["x"], [0, 1, 100, 200]);
  await keep("2", ["y"], [1, 100]);
  await keep("3", ["y"], [2]);
  const { scores } = await measured.read("a", "s");
  expect(scores).toMatchObject({ at: "3", edits: ["y"] });
  expect(Object.keys(scores!.rows)).toEqual(["1", "2", "100"]);
  entries.set("measured/a/s/scores/000000000", "damaged");
  expect(Object.keys((await measured.read("a", "s")).scores!.rows)).toEqual(["100"]);
});
