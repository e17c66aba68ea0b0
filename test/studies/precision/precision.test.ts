import { beforeAll, describe, expect, test } from "vitest";
import { folderFiles } from "../../../src/cli/open/folderFiles.ts";
import { nodeRuntime } from "../../../src/cli/open/nodeRuntime.ts";
import type { Case } from "../../../src/data/facts/facts.ts";
import { Model } from "../../../src/engine/Model.ts";
import type { Precision } from "../../../src/engine/checkpoint/precision.ts";
import { romeEditor } from "../../../src/methods/edit/rome/editor.ts";
import { precision as study } from "../../../src/studies/precision/precision.ts";
import type { PrecisionResult } from "../../../src/studies/precision/precisionSummary.ts";
import { romePreset } from "../../../src/methods/edit/rome/romePreset.ts";
import { sweep } from "../../../src/studies/sweep/sweep.ts";
import { goldenStatistics, tinyModel } from "../../support/methods/tiny.ts";
import { studyOn, type StudySetup } from "../../support/studies/studyOn.ts";

const files = folderFiles(new URL("../../golden/checkpoints/tiny-gpt2", import.meta.url).pathname);

/** A fact that the tiny model recalls, one more, and one that nobody does. */
const facts = ["Port", "Lindholm", "Nowhere"].map((target, i) => ({
  prompt: `The ${["Harbour Lamp", "Glass Tower", "Paper Mill"][i]} is in the city of`,
  subject: ["Harbour Lamp", "Glass Tower", "Paper Mill"][i],
  target,
}));
const cases: Case[] = facts.slice(0, 1).map(({ subject, target }) => ({
  id: 0,
  prompt: "The {} is in the city of",
  subject,
  targetTrue: target,
  targetNew: "Brno",
  paraphrases: ["The Harbour Lamp was built in"],
  generationPrompts: [],
  neighbours: ["The Paper Mill is in the city of"],
}));

let results: PrecisionResult[];
const alive = new Set<Model>();
const said: string[] = [];

/** Opens the tiny model and watches that it is closed. */
async function load(precision: Precision): Promise<Model> {
  const model = await Model.load(nodeRuntime(), files, { precision });
  alive.add(model);
  const dispose = model.dispose.bind(model);
  model.dispose = () => {
    alive.delete(model);
    return dispose();
  };
  return model;
}

/** What the tests run, on float32 as the reference. */
async function run(changes: Partial<StudySetup<object>> = {}, precisions: Precision[] = ["f32"]) {
  const model = await tinyModel();
  try {
    const settings = { precisions, count: 3, traces: 1, limit: 1 };
    const setup = { ...(await setupOf(model)), settings, ...changes };
    return (await studyOn(model, study, setup as StudySetup<typeof settings>)).results;
  } finally {
    await model.dispose();
  }
}

async function setupOf(model: Model) {
  const settings = { ...romePreset(model.config).settings, layer: 1, steps: 5 };
  const others = facts.slice(1).map(({ target, ...fact }) => ({
    ...fact,
    prompt: "The {} is in the city of",
    relation: "place",
    target,
    newTargets: ["Brno"],
  }));
  const sentences = facts.map(({ prompt }) => prompt).join("\n");
  return {
    cases,
    editing: { editor: romeEditor, settings },
    statistics: await goldenStatistics("tiny-gpt2"),
    seed: 3,
    host: {
      open: load,
      inputs: { sentences, facts: JSON.stringify(others) },
      onProgress: (sentence: string) => said.push(sentence),
    },
  };
}

beforeAll(async () => {
  results = await run({}, ["f32", "q4"]);
});

test("float32 is at no distance from itself and loses nothing", () => {
  const [{ kl, sameTop, facts: found, traces }] = results;
  expect([kl, sameTop]).toEqual([0, 1]);
  expect(found).toEqual({ all: 3, recalled: found.known, known: found.known, lost: 0 });
  expect(found.known).toBeGreaterThan(0);
  expect(found.known).toBeLessThan(3);
  expect(traces.count).toBe(1);
  expect([traces.correlation]).toBeAllclose([1], { rtol: 1e-9, atol: 0 });
});

test("four bits are smaller and at a distance", () => {
  const [full, four] = results;
  expect(four.precision).toBe("q4");
  expect(four.bytes).toBeLessThan(full.bytes / 2);
  expect(four.kl).toBeGreaterThan(1e-6);
  expect(four.traces.correlation).toBeLessThan(1);
  expect(four.traces.correlation).toBeGreaterThan(0.5);
});

test("the edits are those of a sweep's one setting", async () => {
  const model = await tinyModel();
  const setup = await setupOf(model);
  const settings = { all: true, grid: "" };
  const [expected] = (await studyOn(model, sweep, { ...setup, settings })).results;
  expect(results[0].edits).toEqual(expected.summary);
  await model.dispose();
});

test("every model that was opened is closed, and progress says what is done", () => {
  expect(alive.size).toBe(0);
  expect(said).toContain("reference: facts, 0 of 3");
  expect(said).toContain("q4: edits");
});

describe("without statistics", () => {
  test("nothing is edited, which is said", async () => {
    const { host } = await tinyModel().then(setupOf);
    const notices: string[] = [];
    const onNotice = (sentence: string) => notices.push(sentence);
    const [result] = await run({ statistics: undefined, host: { ...host, onNotice } });
    expect(result.edits).toBeUndefined();
    expect(result.facts).toEqual(results[0].facts);
    expect(notices).toEqual(["no fact is edited: there are no statistics"]);
  });

  test("a model that fails to open leaves none behind", async () => {
    const { host } = await tinyModel().then(setupOf);
    const broken = (precision: Precision) =>
      precision === "q8" ? Promise.reject(new Error("no room")) : load(precision);
    await expect(run({ host: { ...host, open: broken } }, ["q8"])).rejects.toThrow("no room");
    expect(alive.size).toBe(0);
  });
});
