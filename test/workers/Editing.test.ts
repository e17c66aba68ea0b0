import { beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { Delta } from "../../src/data/delta/delta.ts";
import type { TableFact } from "../../src/data/facts/factTable.ts";
import type { Model } from "../../src/engine/Model.ts";
import type { LayerStatistics } from "../../src/methods/statistics/statistics.ts";
import { Editing } from "../../workers/Editing.ts";
import type { EditOrder, EditReport } from "../../workers/protocol/protocol.ts";
import { HeldEdits } from "../../workers/HeldEdits.ts";
import { Scoring } from "../../workers/Scoring.ts";
import { Queue } from "../../workers/Queue.ts";
import { goldenNumbers, type GoldenMassEdit } from "../support/golden.ts";
import { factorsOf } from "../support/engine/deltas.ts";
import { goldenCorpus, goldenStatistics, tinyModel } from "../support/methods/tiny.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const golden = await goldenNumbers<Record<string, GoldenMassEdit>>("tiny-gpt2", "memit.json");
const { requests: facts, hyperparameters } = golden["four facts, two layers"];
const search = { ...hyperparameters, steps: 4 };
const memitOrder: EditOrder = {
  editor: "memit",
  facts,
  settings: search,
  seed: 1,
  answers: true,
};

let model: Model;
let held: HeldEdits;
let editing: Editing;
let scoring: Scoring;
let queue: Queue;
let used: LayerStatistics[];
let neutral: string[];

beforeAll(async () => {
  model = await tinyModel("tiny-gpt2");
  neutral = (await goldenCorpus()).slice(0, 6);
});

/** Two layers have statistics. Node has no IndexedDB, so found states lie in memory. */
beforeEach(() => {
  held = new HeldEdits(() => model);
  held.modelChanged();
  used = [];
  queue = new Queue();
  model.setDeltas([]);
  const withDeltas = (deltas: Delta[]) => {
    model.setDeltas(deltas.flatMap(({ weights }) => weights));
    return model;
  };
  scoring = new Scoring({ queue, model: withDeltas, held });
  editing = new Editing({
    queue,
    model: withDeltas,
    held,
    statistics: {
      has: (layer) => Promise.resolve(layer < 2),
      fileOf: () => undefined,
      of: async (layer) => {
        const found = await goldenStatistics("tiny-gpt2", layer);
        used.push(found);
        return found;
      },
      view: () => used.map(({ layer, source, count }) => ({ layer, source, count })),
    },
  });
});

/** Runs an order; every event that was reported, and the result. */
async function write(order: EditOrder, onReport: () => void = () => undefined) {
  const events: EditReport[] = [];
  const made = await editing.edit(1, order, (some) => {
    events.push(...some);
    onReport();
  });
  return { made, events, delta: await held.find(made.edit.id) };
}

test("MEMIT's run is reported, and answers what was made without switching it on", async () => {
  const { made, events, delta } = await write(memitOrder);
  expect(made.written).toEqual([0, 1, 2, 3]);
  expect(delta.provenance.requests).toHaveLength(4);
  expect(made.edit.weights.map(({ layer }) => layer)).toEqual(hyperparameters.layers);
  expect(made.measures.map(({ name, layer, value }) => [name, layer, value > 0])).toEqual(
    hyperparameters.layers.map((layer: number) => ["residual", layer, true]),
  );
  expect(made.statistics.map(({ layer }) => layer)).toEqual(hyperparameters.layers);
  expect(made.atHand).toHaveLength(2);
  expect(model.deltas).toEqual([]);
  const before = events.find((event) => event.type === "before");
  const answers = made.answers!;
  expect(before?.type === "before" && before.answers).toEqual(answers.before);
  const mean = (list: { probability: number }[]) =>
    list.reduce((sum, { probability }) => sum + probability, 0) / list.length;
  expect(mean(answers.after)).toBeGreaterThan(mean(answers.before));
  expect(events.filter(({ type }) => type === "step")).toHaveLength(16);
  expect(events.filter(({ type }) => type === "notice")).toHaveLength(1);
});

test("a second run takes what is found from the cache, until that is forgotten", async () => {
  const first = await write(memitOrder);
  expect((await editing.keptValues()).vectors).toBe(4);
  const second = await write(memitOrder);
  const cached = (events: EditReport[]) =>
    events.filter((event) => event.type === "found" && event.cached).length;
  expect([cached(first.events), cached(second.events)]).toEqual([0, 4]);
  const [u, again] = [first, second].map(({ delta }) => factorsOf(delta.weights[0]).u);
  expect(again).toBeAllclose(u, { rtol: 1e-3, atol: 1e-6 });
  await editing.forgetValues();
  expect((await editing.keptValues()).vectors).toBe(0);
});

test("stop and keep writes what is found, and leaves the rest out", async () => {
  await write({ ...memitOrder, facts: facts.slice(0, 2) });
  const { made, delta } = await write(memitOrder, () => editing.keepFound(1));
  expect(made.written).toEqual([0, 1]);
  expect(delta.provenance.requests).toHaveLength(2);
  expect(made.answers!.after).toHaveLength(4);
});

test("a run that is cancelled leaves the model as it was", async () => {
  const run = write(memitOrder, () => queue.cancel(1));
  await expect(run).rejects.toMatchObject({ name: "AbortError" });
  expect(model.deltas).toEqual([]);
});

test("layers without statistics are named before anything is searched for", async () => {
  expect(await editing.missing("memit", { layers: [0, 1, 2] })).toEqual({
    layers: [2],
    instead: "choose layers that have some",
  });
  const order = { ...memitOrder, settings: { ...search, layers: [1, 2] } };
  await expect(write(order)).rejects.toThrow("no covariance statistics of layer 2;");
  expect(used).toEqual([]);
});

const romeSettings = {
  ...search,
  layer: 1,
  keyMode: "code",
  covariance: "C",
  contextLengths: [],
};

test("what can be done without statistics is said by the field that says it", async () => {
  expect(await editing.missing("rome", { ...romeSettings, layer: 3 })).toEqual({
    layers: [3],
    instead: "choose “identity (C = I)” under Covariance",
  });
  const without = { ...romeSettings, layer: 3, covariance: "I" };
  expect(await editing.missing("rome", without)).toEqual({ layers: [], instead: undefined });
});

test("one fact is written with any editor, its steps are told, and nobody asks for answers", async () => {
  for (const [editor, settings] of [
    ["rome", romeSettings],
    ["memit", search],
  ] as const) {
    const order = { editor, settings, facts: facts.slice(0, 1), seed: 1, contexts: ["{}"] };
    const { made, events, delta } = await write(
      editor === "rome" ? order : { ...order, contexts: undefined },
    );
    expect(made.written).toEqual([0]);
    expect(made.answers).toBeUndefined();
    expect(made.steps.length).toBe(events.filter(({ type }) => type === "step").length);
    expect(made.contexts).toBeGreaterThan(0);
    expect(delta.provenance).toMatchObject({
      method: editor,
      request: { target: facts[0].target },
    });
  }
});

const sequence: EditOrder = {
  editor: "rome",
  facts: facts.slice(0, 3),
  seed: 1,
  settings: romeSettings,
  answers: true,
};

test("ROME in sequence is one edit of one layer, with the norm of the whole", async () => {
  const { made, events, delta } = await write({
    ...sequence,
    neutral: { texts: neutral, every: 2 },
  });
  expect(made.written).toEqual([0, 1, 2]);
  const { weights } = delta;
  const layer = factorsOf(weights[0]);
  expect([weights.length, layer.rank]).toEqual([1, 3]);
  const of = (type: EditReport["type"]) => events.filter((event) => event.type === type);
  expect(of("perplexity")).toHaveLength(1);
  const steps = of("edited").map((event) => event.type === "edited" && event);
  expect(steps.map((step) => step && step.perplexity !== undefined)).toEqual([false, true, true]);

  // ‖ΔW‖/‖W‖, from the first edit's own norm and the products written out.
  const width = [layer.u.length / 3, layer.v.length / 3];
  const norm = (ranks: number[]) => {
    let sum = 0;
    for (let i = 0; i < width[0]; i++)
      for (let j = 0; j < width[1]; j++) {
        const at = (r: number) => layer.u[r * width[0] + i] * layer.v[r * width[1] + j];
        sum += ranks.reduce((x, r) => x + at(r), 0) ** 2;
      }
    return Math.sqrt(sum);
  };
  const [first] = steps;
  const weight = norm([0]) / (first ? first.relativeNorm : NaN);
  expect([made.edit.relativeNorm]).toBeAllclose([norm([0, 1, 2]) / weight], {
    rtol: 1e-4,
    atol: 0,
  });
});

test("a table is scored with no edit and with those that are on", async () => {
  const target = facts[0].target;
  const table: TableFact[] = facts.map((fact, i) => ({
    ...fact,
    ...(i === 0 && {
      case: {
        id: 1,
        subject: fact.subject,
        prompt: "{} is in",
        targetNew: target,
        targetTrue: "Lindholm",
        paraphrases: [],
        neighbours: [],
        generationPrompts: [],
      },
    }),
  }));
  const seen: [number, number][] = [];
  const alone = await scoring.table(2, table, (done, total) => seen.push([done, total]));
  expect(alone.after).toBeUndefined();
  expect(alone.before.answers).toHaveLength(4);
  expect(alone.before.summary?.cases).toBe(1);
  expect(seen.at(-1)).toEqual([4, 4]);

  await held.switchOn([(await write(memitOrder)).made.edit.id]);
  const both = await scoring.table(3, table, (done, total) => seen.push([done, total]));
  expect(both.before.answers).toEqual(alone.before.answers);
  expect(both.after!.answers[0].probability).toBeGreaterThan(both.before.answers[0].probability);
  expect(seen.at(-1)).toEqual([8, 8]);
});
