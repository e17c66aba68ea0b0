import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, vi } from "vitest";
import { readRows, type Row } from "../../../src/data/rows/rows.ts";
import type { Model } from "../../../src/engine/Model.ts";
import { readStudyZip } from "../../../src/studies/studyZip.ts";
import type { StudyProgress } from "../../../workers/protocol/protocol.ts";
import { Queue } from "../../../workers/Queue.ts";
import { Studying } from "../../../workers/study/Studying.ts";
import { call, folderTest as test, golden } from "../../support/call.ts";
import { memoryStudies } from "../../support/studies/memoryStudies.ts";
import { tinyModel } from "../../support/methods/tiny.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let model: Model;
beforeAll(async () => {
  model = await tinyModel("tiny-gpt2");
});

const table = {
  name: "My cities",
  rows: ["Rome", "Oslo", "Lima", "Bonn"].map((subject, id) => ({
    id,
    prompt: "{} is in",
    subject,
    target: "France",
    truth: id === 3 ? "" : "Italy",
  })),
};

const opened = (kept = memoryStudies()) =>
  new Studying(
    {
      queue: new Queue(),
      model: () => model,
      stamp: () => model.stamp,
      runtime: () => model.runtime,
      files: () => undefined,
      own: (name) => Promise.resolve(readFileSync(`public/${name}`, "utf8")),
      table: (id) => Promise.resolve(id === "t" ? table : undefined),
      statistics: { of: () => Promise.resolve(undefined) },
    },
    kept,
  );

const silent = () => undefined;
const order = {
  study: "sweep",
  settings: { all: "true", limit: "3", grid: "layer=0,1" },
  methods: ["rome"],
  methodSettings: { rome: { steps: "1", covariance: "I" } },
  seed: 0,
};
const grid = "steps=1 covariance=I layer=0,1";

test("the form of every study is made from the registry, its methods' presets from the model", () => {
  const offers = opened().offers();
  expect(offers.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["sweep", "mass", "precision"]),
  );
  for (const { fields, presets, editors, methods, chosen, sketch } of offers) {
    expect(Object.keys(presets)).toEqual(fields.map(({ name }) => name));
    expect(sketch).toBeDefined();
    expect(JSON.stringify([presets, methods])).not.toContain("undefined");
    if (editors) expect(methods.map(({ name }) => name)).toContain(chosen[0]);
    for (const { presets: own } of methods) expect(own.steps).toMatch(/^\d+$/);
  }
});

test("a study is planned by a sample that is not kept, gone on with after the page was closed, and one zip", async ({
  folder,
}) => {
  const kept = memoryStudies();
  const studying = opened(kept);
  const id = await studying.begin(1, order, silent);
  const [planned] = await studying.list();
  expect(planned).toMatchObject({ id, rows: 0, total: 6, done: false, open: true });
  expect(planned.plan?.parts.map(({ what, count }) => `${count} ${what}`)).toEqual([
    "6 facts written by ROME",
    "6 cases scored",
  ]);
  expect(planned.plan!.seconds).toBeGreaterThan(0);

  const later = opened(kept);
  const told: StudyProgress[] = [];
  const stopped = later.resume(2, id, (progress) => {
    told.push({ ...progress });
    if (progress.rows === 2) throw new Error("closed");
  });
  await expect(stopped).rejects.toThrow("closed");
  expect(told[0]).toMatchObject({ rows: 0, total: 6 });
  const last = opened(kept);
  await last.resume(3, id, silent);
  const view = await last.view(id);
  expect(view.head).toMatchObject({ rows: 6, done: true, resumable: true });
  expect(view.tables[0].rows).toHaveLength(2);
  expect(view.figures[0].series).toHaveLength(4);

  const shown = await last.rows(id, { by: "layer", descending: true, from: 0, count: 2 });
  expect(shown).toMatchObject({ total: 6 });
  expect(shown.columns).toEqual(expect.arrayContaining(["case", "layer", "ES after", "seconds"]));
  expect(shown.rows.map(({ key }) => key)).toEqual([
    `${grid.replace("0,1", "1")}/0`,
    `${grid.replace("0,1", "1")}/1`,
  ]);
  const { facts } = JSON.parse(readFileSync("public/facts.json", "utf8")) as {
    facts: { subject: string }[];
  };
  expect(shown.rows[1].fact?.subject).toBe(facts[1].subject);

  const zip = await last.zip(id);
  const file = join(folder, "sweep.zip");
  await writeFile(file, zip);
  const { status, out } = await call("study", "summarise", file);
  expect(status).toBe(0);
  for (const cell of view.tables[0].rows.flat()) expect(out).toContain(cell);
});

test("the copied call, run by the terminal, makes the same rows; its shard and the page's go together, both ways", async ({
  folder,
}) => {
  const studying = opened();
  const from = { ...order, settings: { ...order.settings, limit: "2" }, cases: { table: "t" } };
  const id = await studying.begin(1, from, silent);
  await studying.resume(2, id, silent);
  const { command, head } = await studying.view(id);
  expect(head).toMatchObject({ cases: "my-cities.json", total: 4 });
  const zip = await studying.zip(id);
  const part = await readStudyZip(zip, "zip");
  await writeFile(join(folder, "my-cities.json"), part.cases!.text);

  const words = wordsOf(command);
  expect(words.splice(0, 5).join(" ")).toBe("npm run -s palimpsest --");
  const placed = words.map((word, i) => {
    if (words[i - 1] === "--model") return golden("tiny-gpt2");
    return ["--cases", "--out"].includes(words[i - 1]) ? join(folder, word) : word;
  });
  const out = join(folder, "sweep");
  expect(await call(...placed, "--shard", "1/2")).toMatchObject({ status: 0 });
  const shard = await rowsOf(out);
  expect(shard).toHaveLength(2);
  const byKey = new Map(part.rows.map((row) => [row.key, row]));
  for (const row of shard) expectSame(row, byKey.get(row.key)!);

  // The page's zip and the terminal's shard as one.
  const file = join(folder, "page.zip");
  await writeFile(file, zip);
  const merged = await call("study", "summarise", file, out, "--out", join(folder, "merged"));
  expect(merged).toMatchObject({ status: 0, err: "" });
  expect(await rowsOf(join(folder, "merged"))).toHaveLength(4);

  // And the terminal's shard in the page, gone on with once its cases are given.
  const packed = join(folder, "shard.zip");
  expect(await call("study", "summarise", out, "--out", packed)).toMatchObject({ status: 0 });
  const taken = await studying.take(new File([readFileSync(packed)], "shard.zip"));
  const heads = await studying.list();
  expect(heads.find((one) => one.id === taken)).toMatchObject({ rows: 2, resumable: false });
  await expect(studying.resume(3, taken, silent)).rejects.toThrow("give it my-cities.json");
  await expect(studying.supply(taken, new File(["[]"], "others.json"))).rejects.toThrow(
    "others.json is not the file",
  );
  await studying.supply(taken, new File([part.cases!.text], "renamed.json"));
  await studying.resume(4, taken, silent);
  const [all, own] = [await studying.view(taken), await studying.view(id)];
  expect(all.tables).toEqual(own.tables);
});

test("what is typed wrongly is refused, and nothing is kept of it", async () => {
  const kept = memoryStudies();
  const begun = (changes: object) => opened(kept).begin(1, { ...order, ...changes }, silent);
  await expect(begun({ settings: { limit: "x" } })).rejects.toThrow("invalid limit: x");
  await expect(begun({ settings: { grid: "nothing=1" } })).rejects.toThrow("nothing");
  await expect(begun({ methodSettings: { rome: { steps: "many" } } })).rejects.toThrow("steps");
  await expect(begun({ cases: { table: "gone" } })).rejects.toThrow("not kept in this browser");
  await expect(begun({ cases: { file: new File(["{"], "a.json") } })).rejects.toThrow("a.json");
  expect(await kept.names()).toEqual([]);
});

const rowsOf = async (folder: string): Promise<Row[]> =>
  (await readRows([readFileSync(join(folder, "rows.ndjson"), "utf8")], "rows")).rows;

/** The same row, to rounding, whatever it cost. */
function expectSame({ cost: _, ...one }: Row, { cost: __, ...other }: Row) {
  const numbers = (row: object) =>
    JSON.stringify(row)
      .match(/-?\d+\.\d+(e-?\d+)?/g)
      ?.map(Number) ?? [];
  const words = (row: object) => JSON.stringify(row).replace(/-?\d+\.\d+(e-?\d+)?/g, "x");
  expect(words(one)).toBe(words(other));
  expect(numbers(one)).toBeAllclose(numbers(other), { rtol: 1e-4, atol: 1e-6 });
}

/** A command line as a shell reads it, of plain words and words in single quotes. */
const wordsOf = (line: string): string[] =>
  Array.from(line.matchAll(/'([^']*)'|\S+/g), ([word, quoted]) => quoted ?? word);
