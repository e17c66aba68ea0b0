import { beforeAll, expect, test, vi } from "vitest";
import { truthKey } from "../../../src/data/tables/rowFact.ts";
import type { Model } from "../../../src/engine/Model.ts";
import { TableStore } from "../../../src/engine/storage/TableStore.ts";
import { Queue } from "../../../workers/Queue.ts";
import { Tables } from "../../../workers/tables/Tables.ts";
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

test("a file is read, kept, repaired and added to", async () => {
  const { database } = memoryKeyed();
  const { tables: desk, changes } = tables(database);
  const file = new Blob(["prompt;subject;target\n{} is in;A;B\n{} is in;;C"]);
  const { head, rows } = await desk.read({ file, name: "towers.csv" });
  expect(head).toMatchObject({ name: "towers.csv", rows: 2, counted: "row" });
  await desk.change(head.id, { put: [{ ...rows[1], subject: "D" }] });
  const [added] = await desk.add(head.id, [{ prompt: "", subject: "", target: "", truth: "" }]);
  expect(added.id).toBe(rows[1].id + 1);
  const again = await tables(database).tables.open(head.id);
  expect(again?.rows.map(({ subject }) => subject)).toEqual(["A", "D", ""]);
  expect(changes()).toBe(3);
  await desk.remove(head.id);
  expect(await desk.open(head.id)).toBeUndefined();
  await expect(desk.add(head.id, [added])).rejects.toThrow("was deleted in another tab");
});

test("what a model knows is asked once and kept under its stamp", async () => {
  const { database } = memoryKeyed();
  const { tables: desk } = tables(database);
  const { head, rows } = await desk.read({
    text: "{} is in the city of,The Space Needle,Rome,Seattle\n{} is in,The Louvre,Rome,Paris",
    name: "pasted",
  });
  const report = vi.fn();
  const known = await desk.known(1, { id: head.id, rows }, report);
  const one = known[truthKey(rows[0])];
  expect(one.probability).toBeGreaterThan(0);
  expect(one.probability).toBeLessThan(1);
  expect(report).toHaveBeenLastCalledWith(2, 2);
  expect((await tables(database).tables.measures(head.id)).known).toEqual(known);
  expect((await tables(database, "another").tables.measures(head.id)).known).toEqual({});
});
