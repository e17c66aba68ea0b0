import { expect, test } from "vitest";
import { MemoryRows, type RowStore } from "../../../src/data/rows/RowStore.ts";
import { mergedRows } from "../../../src/data/rows/rows.ts";
import { runStudy } from "../../../src/studies/runStudy.ts";
import { nothing } from "../../support/studies/nothing/nothing.ts";
import { hostOf, orderOf } from "../../support/studies/orders.ts";
import { IndexedRows } from "../../../src/engine/storage/IndexedRows.ts";

const row = (key: string) => ({ key, value: `value of ${key}` });

test("rows and what they are of are there for the next who opens the study", async () => {
  const name = `study ${crypto.randomUUID()}`;
  const store: RowStore = new IndexedRows(name);
  expect(await store.about()).toBeUndefined();
  expect(await store.read()).toEqual([]);
  await store.begin({ study: "a" });
  await store.append([row("2")]);
  await store.append([row("10"), row("1/x")]);
  const later = new IndexedRows(name);
  expect(await later.about()).toEqual({ study: "a" });
  await later.append([row("3")]);
  expect(mergedRows(await later.read())).toEqual(["1/x", "2", "3", "10"].map(row));
});

test("studies do not see each other, and one is forgotten alone", async () => {
  const name = crypto.randomUUID();
  const [one, other] = [new IndexedRows(name), new IndexedRows(`${name}2`)];
  await one.begin({ study: "a" });
  await one.append([row("1")]);
  await other.append([row("2")]);
  await one.clear();
  expect(await one.about()).toBeUndefined();
  expect(await one.read()).toEqual([]);
  expect(await other.read()).toEqual([row("2")]);
});

test("of two tabs that begin a study at once one is told, and rows of both are kept", async () => {
  const name = crypto.randomUUID();
  const [one, two] = [new IndexedRows(name), new IndexedRows(name)];
  const begun = await Promise.allSettled([one.begin({ study: "a" }), two.begin({ study: "b" })]);
  expect(begun.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  const [lost] = begun.flatMap((end) => (end.status === "rejected" ? [String(end.reason)] : []));
  expect(lost).toMatch(/another tab has begun the study/);
  await Promise.all([one.append([row("1")]), two.append([row("2")])]);
  expect(mergedRows(await one.read())).toEqual(["1", "2"].map(row));
});

test("a study that was stopped goes on after the page was closed, with the rows of one that was not", async () => {
  const name = crypto.randomUUID();
  const order = orderOf("nothing", { pause: 0 });
  const stop = new AbortController();
  const onRows = (_: unknown, count: number) => count === 8 && stop.abort(new Error("closed"));
  const first = { signal: stop.signal, onRows };
  await expect(runStudy(nothing, order, hostOf(new IndexedRows(name), first))).rejects.toThrow(
    "closed",
  );
  expect(await new IndexedRows(name).read()).toHaveLength(8);
  let made = 0;
  const later = { onRows: () => made++ };
  const { about, rows } = await runStudy(nothing, order, hostOf(new IndexedRows(name), later));
  expect(made).toBe(12);
  const whole = await runStudy(nothing, order, hostOf(new MemoryRows()));
  expect(rows).toEqual(whole.rows);
  expect(about).toEqual(whole.about);
  const other = orderOf("nothing", { pause: 1 });
  await expect(runStudy(nothing, other, hostOf(new IndexedRows(name)))).rejects.toThrow(
    "settings.pause: 0 there, 1 here",
  );
});
