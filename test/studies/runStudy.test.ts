import { describe, expect, test } from "vitest";
import { MemoryRows } from "../../src/data/rows/RowStore.ts";
import { runStudy } from "../../src/studies/runStudy.ts";
import { studyAbout } from "../../src/studies/StudyAbout.ts";
import { mergedParts, resultFiles, studyResults } from "../../src/studies/summariseStudy.ts";
import { nothing } from "../support/studies/nothing/nothing.ts";
import { hostOf, orderOf } from "../support/studies/orders.ts";

const order = orderOf("nothing", { pause: 0 });

test("a row a case, and a summary of them", async () => {
  const { about, rows } = await runStudy(nothing, order, hostOf(new MemoryRows()));
  expect(rows).toHaveLength(20);
  const free = { seconds: undefined, blockTokens: 0 };
  expect(rows[8]).toEqual({ key: "8", case: "case 8", words: 3, cost: { ...free } });
  const files = await resultFiles(studyResults(nothing, rows, about));
  expect(Object.keys(files)).toEqual(["summary.json", "summary.csv"]);
  expect(files["summary.csv"]).toBe("cases,words a prompt\n20,4.85\n");
  expect(JSON.parse(files["summary.json"])).toMatchObject({ study: "nothing", cases: 20 });
});

test("only the rows that are not there are made, and the time of each is told", async () => {
  const store = new MemoryRows();
  const stop = new AbortController();
  const clock = { now: 0 };
  const now = () => (clock.now += 1500);
  const onRows = (_: unknown, count: number) => count === 7 && stop.abort(new Error("enough"));
  const first = runStudy(nothing, order, hostOf(store, { signal: stop.signal, onRows, now }));
  await expect(first).rejects.toThrow("enough");
  expect(await store.read()).toHaveLength(7);
  const made: string[] = [];
  const later = hostOf(store, { onRows: (rows) => made.push(...rows.map(({ key }) => key)) });
  const { rows } = await runStudy(nothing, order, later);
  expect(made).toEqual(Array.from({ length: 13 }, (_, i) => `${i + 7}`));
  const whole = await runStudy(nothing, order, hostOf(new MemoryRows()));
  expect(rows.map(({ cost, ...row }) => row)).toEqual(whole.rows.map(({ cost, ...row }) => row));
  expect(rows[0].cost).toEqual({ seconds: 1.5, blockTokens: 0 });
});

test("shards have each case once, and together are one run", async () => {
  const whole = await runStudy(nothing, order, hostOf(new MemoryRows()));
  const parts = [];
  for (const i of [1, 2, 3]) {
    const store = hostOf(new MemoryRows(), { shard: { i, n: 3 } });
    const { about, rows } = await runStudy(nothing, order, store);
    parts.push({ where: `shard ${i}`, about, rows });
  }
  expect(parts.map(({ rows }) => rows.length)).toEqual([7, 6, 7]);
  expect(mergedParts(parts)).toEqual(whole);
});

test("the cases are chosen once", async () => {
  const store = new MemoryRows();
  let chosen = 0;
  const select = () => {
    chosen++;
    return Promise.resolve({ cases: [3, 5], filters: [{ name: "odd", in: 20, out: 2 }] });
  };
  for (let i = 0; i < 2; i++) await runStudy({ ...nothing, select }, order, hostOf(store));
  expect(chosen).toBe(1);
  expect((await store.read()).map(({ key }) => key)).toEqual(["3", "5"]);
  expect(await store.about()).toMatchObject({ chosen: { cases: [3, 5] }, filters: [{ out: 2 }] });
});

describe("rows that do not go together", () => {
  test("other settings are refused by the name of what differs", async () => {
    const store = new MemoryRows();
    await runStudy(nothing, orderOf("nothing", { pause: 0, limit: 2 }), hostOf(store));
    const other = { ...orderOf("nothing", { pause: 0, limit: 3 }), date: "later", device: "gpu" };
    await expect(runStudy(nothing, other, hostOf(store))).rejects.toThrow(
      "the store holds rows of other settings (settings.limit: 2 there, 3 here); go on with those, or name another place for these",
    );
    expect(await store.read()).toHaveLength(2);
  });

  test("rows without what they are of are left alone", async () => {
    const store = new MemoryRows();
    await store.append([{ key: "0" }]);
    await expect(runStudy(nothing, order, hostOf(store))).rejects.toThrow(
      "the store holds rows and no study.json; put it back, or name another place",
    );
  });

  test("what is no study, or a later version's, is named", async () => {
    const store = new MemoryRows();
    await store.begin({ format: "recipe" });
    const run = () => runStudy(nothing, order, hostOf(store));
    await expect(run()).rejects.toThrow("the store is not a study of Palimpsest");
    const about = studyAbout(order, { cases: [], filters: [] });
    await store.begin({ ...about, version: 9 });
    await expect(run()).rejects.toThrow("the store: got version 9, expected 1; update Palimpsest");
  });

  test("shards of other settings, or of other cases, are not merged", () => {
    const part = (where: string, seed: number, cases: number[]) => ({
      where,
      about: studyAbout({ ...order, seed }, { cases, filters: [] }),
      rows: [],
    });
    const one = part("one", 0, [1, 2]);
    expect(() => mergedParts([one, part("two", 5, [1, 2])])).toThrow(
      "two holds rows of other settings (seed: 5 there, 0 here); its rows do not go with the others",
    );
    expect(() => mergedParts([one, part("two", 0, [1, 3])])).toThrow(
      "two is about other cases than one; its rows do not go with the others",
    );
  });
});
