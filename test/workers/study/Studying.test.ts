import { readFileSync } from "node:fs";
import { beforeAll, expect, test, vi } from "vitest";
import { MemoryRows } from "../../../src/data/rows/RowStore.ts";
import type { Model } from "../../../src/engine/Model.ts";
import type { IndexedStudies, StudySources } from "../../../src/engine/storage/IndexedStudies.ts";
import { readStudyZip } from "../../../src/studies/studyZip.ts";
import type { StudyProgress } from "../../../workers/protocol/protocol.ts";
import { Queue } from "../../../workers/Queue.ts";
import { Studying } from "../../../workers/study/Studying.ts";
import { tinyModel } from "../../support/methods/tiny.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let model: Model;
beforeAll(async () => {
  model = await tinyModel("tiny-gpt2");
});

/** What the browser keeps, without a browser. */
function memoryStudies() {
  const rows = new Map<string, MemoryRows>();
  const sources = new Map<string, StudySources>();
  const of = (name: string) => rows.get(name) ?? rows.set(name, new MemoryRows()).get(name)!;
  return {
    rows: of,
    names: () => Promise.resolve([...rows.keys()]),
    sources: (name: string) => Promise.resolve(sources.get(name)),
    keepSources: (name: string, kept: StudySources) =>
      Promise.resolve(void sources.set(name, kept)),
    async take(name: string, about: object, taken: Parameters<MemoryRows["append"]>[0]) {
      await of(name).begin(about);
      await of(name).append(taken);
    },
    delete: (name: string) => Promise.resolve(void (rows.delete(name), sources.delete(name))),
  } as unknown as IndexedStudies;
}

const opened = (kept = memoryStudies()) =>
  new Studying(
    {
      queue: new Queue(),
      model: () => model,
      stamp: () => model.stamp,
      runtime: () => model.runtime,
      files: () => undefined,
      own: (name) => Promise.resolve(readFileSync(`public/${name}`, "utf8")),
      statistics: { of: () => Promise.resolve(undefined) },
    },
    kept,
  );

const order = {
  study: "sweep",
  settings: { all: "true", limit: "3", grid: "layer=0,1 steps=1 covariance=I" },
  methods: ["rome"],
  seed: 0,
};

test("the form of every study is made from the registry", () => {
  const offers = opened().offers();
  expect(offers.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["sweep", "mass", "precision"]),
  );
  for (const { fields, presets, editors, methods, chosen } of offers) {
    expect(Object.keys(presets)).toEqual(fields.map(({ name }) => name));
    expect(JSON.stringify(presets)).not.toContain("undefined");
    if (editors) expect(methods.map(([name]) => name)).toContain(chosen[0]);
  }
});

test("a study is planned by its first rows, gone on with after the page was closed, and one zip", async () => {
  const kept = memoryStudies();
  const told: StudyProgress[] = [];
  const studying = opened(kept);
  const id = await studying.begin(1, order, (progress) => told.push({ ...progress }));
  expect(told.at(-1)).toMatchObject({ total: 6 });
  const [planned] = await studying.list();
  expect(planned).toMatchObject({ id, total: 6, open: true, resumable: true });
  expect(planned.secondsPerRow).toBeGreaterThan(0);

  const later = opened(kept);
  await later.resume(2, id, () => undefined);
  const view = await later.view(id);
  expect(view.head.rows).toBe(6);
  expect(view.tables[0].columns).toContain("S");
  expect(view.tables[0].rows).toHaveLength(2);
  expect(view.cases).toHaveLength(3);
  expect(view.command).toBe(
    `palimpsest study sweep --model ${model.config.name} --precision f32 --cases facts.json --limit 3 --all --grid 'layer=0,1 steps=1 covariance=I' --method rome --seed 0 --out sweep`,
  );

  const zip = await later.zip(id);
  const part = await readStudyZip(zip, "sweep.zip");
  expect(part.rows).toHaveLength(6);
  const taken = await later.take(new File([zip as BlobPart], "sweep.zip"));
  const again = await later.view(taken);
  expect(again.tables).toEqual(view.tables);
  expect(again.head.resumable).toBe(false);
  await expect(later.resume(3, taken, () => undefined)).rejects.toThrow("without its cases");
  await later.delete(taken);
  expect(await later.list()).toHaveLength(1);
});

test("what is typed wrongly is refused before anything is kept", async () => {
  const kept = memoryStudies();
  const wrong = { ...order, settings: { limit: "x" } };
  await expect(opened(kept).begin(1, wrong, () => undefined)).rejects.toThrow("invalid limit: x");
  await expect(
    opened(kept).begin(2, { ...order, settings: { grid: "nothing=1" } }, () => undefined),
  ).rejects.toThrow("nothing");
  expect(await kept.names()).toEqual([]);
});
