import { expect, test } from "vitest";
import type { Delta } from "../../../src/data/delta/delta.ts";
import { readDelta, writeDelta } from "../../../src/data/delta/deltaFile.ts";
import { deltaDigest } from "../../../src/data/delta/digest.ts";
import {
  readStackRecipe,
  stackRecipeOf,
  writeStackRecipe,
} from "../../../src/data/delta/stackRecipe.ts";
import { provenanceOn } from "../../../src/data/delta/provenanceOn.ts";
import { atStrength } from "../../../src/data/delta/strength.ts";
import { checkStrength } from "../../../src/data/delta/strengths.ts";
import { sumOf } from "../../../src/data/delta/sumOf.ts";

const about = {
  format: "palimpsest.delta",
  version: 1,
  model: "demo",
  revision: "1",
  method: "rome",
  app: "palimpsest 0.1.0",
  seed: 1,
  hyperparameters: {},
} as const;

const edit = (subject: string, at: number): Delta => ({
  provenance: { ...about, request: { prompt: "{} is in", subject, target: "Rome" } },
  weights: [
    {
      weight: "h.1.mlp.weight",
      change: { rank: 1, u: Float32Array.of(1, at), v: Float32Array.of(2, 3, at) },
      norm: 0.5,
    },
  ],
});
const dense = (delta: Delta) =>
  delta.weights.flatMap(({ change }) => ("dense" in change ? [...change.dense] : [...change.v]));

test("an edit at a strength has as much of its change, and says so in its file", async () => {
  const whole = edit("A", 1);
  const half = await atStrength(whole, 0.5);
  expect(dense(half)).toEqual([1, 1.5, 0.5]);
  expect(half.weights[0].norm).toBe(0.25);
  const read = readDelta(writeDelta(half));
  expect(read.provenance).toMatchObject({ strength: 0.5, whole: await deltaDigest(whole) });
  expect((await atStrength(read, 0.5)).provenance).toMatchObject({ strength: 0.25 });
  expect(await atStrength(whole, 1)).toBe(whole);
  for (const wrong of [-0.1, 1.6, NaN])
    expect(() => checkStrength(wrong)).toThrow("a number from 0 to 1.5");
});

test("a recipe has the strengths of a stack, of edits beneath others, and of what came from a file", async () => {
  const [first, second] = [edit("A", 1), edit("B", 2)];
  const half = await atStrength(first, 0.5);
  const provenance = await provenanceOn(second.provenance, [half]);
  const top = { provenance, weights: second.weights };
  const foreign: Delta = { ...edit("C", 3), provenance: { ...about, method: "PEFT LoRA" } };
  const recipe = await stackRecipeOf([
    { delta: half, on: true },
    { delta: top, on: true },
    { delta: await atStrength(foreign, 1.5), on: false },
  ]);
  const read = readStackRecipe(writeStackRecipe(recipe!));
  expect(read.edits.map(({ strength, on }) => [strength, on])).toEqual([
    [0.5, []],
    [undefined, [0]],
    [1.5, []],
  ]);
  expect(read.edits[2]).toMatchObject({ given: await deltaDigest(foreign) });
  expect(read.on).toEqual([0, 1]);
  const alone = await stackRecipeOf([{ delta: half, on: true }]);
  expect(readStackRecipe(writeStackRecipe(alone!)).edits[0].strength).toBe(0.5);
});

test("a sum has the changes of all, whatever their order, and is made again from its parts", async () => {
  const [a, b] = [await atStrength(edit("A", 1), 0.5), edit("B", 2)];
  const sum = readDelta(writeDelta(await sumOf([a, b])));
  expect(sum.weights).toHaveLength(1);
  expect(sum.provenance.requests?.map(({ subject }) => subject)).toEqual(["A", "B"]);
  const recipe = await stackRecipeOf([{ delta: sum, on: true }]);
  expect(recipe?.edits.map(({ strength }) => strength)).toEqual([0.5, undefined]);
  expect(recipe?.on).toEqual([0, 1]);
  // On top of a sum stands what was made while its parts were on.
  const provenance = await provenanceOn(edit("C", 3).provenance, [sum]);
  const top = await stackRecipeOf([{ delta: { ...edit("C", 3), provenance }, on: true }]);
  expect(top?.edits.map(({ on }) => on)).toEqual([[], [], [0, 1]]);
  expect(await sumOf([b])).toBe(b);
});

test("a file that says that a sum is a part of itself ends the recipe, and nothing worse", async () => {
  const sum = await sumOf([edit("A", 1), edit("B", 2)]);
  const digest = await deltaDigest(sum);
  const hostile = { ...sum, provenance: { ...sum.provenance, sum: [digest] } };
  const { weights } = hostile;
  const recipe = await stackRecipeOf([
    { delta: { provenance: hostile.provenance, weights }, on: true },
  ]);
  expect(() => writeStackRecipe(recipe!)).toThrow();
});
