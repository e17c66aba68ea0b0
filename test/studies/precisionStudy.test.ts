import { beforeAll, describe, expect, test } from "vitest";
import { folderFiles } from "../../src/cli/open/folderFiles.ts";
import { nodeRuntime } from "../../src/cli/open/nodeRuntime.ts";
import type { Case } from "../../src/data/facts/facts.ts";
import { Model } from "../../src/engine/Model.ts";
import type { Precision } from "../../src/engine/checkpoint/precision.ts";
import {
  type PrecisionPlan,
  type PrecisionResult,
  precisionStudy,
} from "../../src/studies/precisionStudy.ts";
import { romePreset } from "../../src/methods/edit/rome/romePreset.ts";
import { romeSweep } from "../../src/studies/sweep.ts";
import { goldenStatistics, tinyModel } from "../support/methods/tiny.ts";

const files = folderFiles(new URL("../golden/checkpoints/tiny-gpt2", import.meta.url).pathname);

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

let plan: PrecisionPlan;
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

beforeAll(async () => {
  const model = await tinyModel();
  const { settings: preset } = romePreset(model.config);
  await model.dispose();
  const hyperparameters = { ...preset, layer: 1, steps: 5 };
  plan = {
    sentences: facts.map(({ prompt }) => prompt),
    facts,
    traces: 1,
    cases,
    hyperparameters,
    statistics: await goldenStatistics("tiny-gpt2"),
    seed: 3,
  };
  results = await precisionStudy(load, ["f32", "q4"], plan, {
    onProgress: (what) => said.push(what),
    onResult: ({ precision }) => said.push(`${precision} is done`),
  });
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
  const { layer, steps, clamp } = plan.hyperparameters;
  const grid = { layers: [layer], steps: [steps], clamps: [clamp] };
  const [expected] = await romeSweep(model, cases, grid, {
    hyperparameters: plan.hyperparameters,
    seed: 3,
    statistics: () => Promise.resolve(plan.statistics!),
  });
  expect(results[0].edits).toEqual(expected.summary);
  await model.dispose();
});

test("every model that was opened is closed, and progress says what is done", () => {
  expect(alive.size).toBe(0);
  expect(said[0]).toBe("f32: facts and traces");
  expect(said).toContain("q4: edits");
  expect(said.at(-1)).toBe("q4 is done");
});

describe("without statistics", () => {
  test("nothing is edited", async () => {
    const { statistics, ...rest } = plan;
    const [result] = await precisionStudy(load, ["f32"], rest);
    expect(result.edits).toBeUndefined();
    expect(result.facts).toEqual(results[0].facts);
  });

  test("a model that fails to open leaves none behind", async () => {
    const broken = (precision: Precision) =>
      precision === "q8" ? Promise.reject(new Error("no room")) : load(precision);
    await expect(precisionStudy(broken, ["q8"], plan)).rejects.toThrow("no room");
    expect(alive.size).toBe(0);
  });
});
