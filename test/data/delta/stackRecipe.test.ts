import { expect, test } from "vitest";
import type { Delta } from "../../../src/data/delta/delta.ts";
import { provenanceOn } from "../../../src/data/delta/provenanceOn.ts";
import { readRecipe } from "../../../src/data/delta/recipe.ts";
import {
  readStackRecipe,
  stackRecipeOf,
  writeStackRecipe,
} from "../../../src/data/delta/stackRecipe.ts";

/** An edit of one fact, made while others were on. */
async function edit(subject: string, on: Delta[] = []): Promise<Delta> {
  const provenance = {
    format: "palimpsest.delta",
    version: 1,
    app: "palimpsest",
    model: "demo",
    revision: "1",
    method: "rome",
    seed: 1,
    contexts: ["{}"],
    hyperparameters: { layer: 0 },
    statistics: [],
    request: { prompt: "{} is in", subject, target: "Rome" },
  } as const;
  const numbers = Float32Array.from(subject, (letter) => letter.charCodeAt(0));
  const change = { rank: 1, u: numbers, v: numbers };
  return {
    provenance: await provenanceOn(
      { ...provenance, contexts: [...provenance.contexts], statistics: [] },
      on,
    ),
    weights: [{ weight: "transformer.h.0.mlp.c_proj.weight", change }],
  };
}

const subjects = (recipe: ReturnType<typeof readStackRecipe>) =>
  recipe.edits.map((step) => ("request" in step ? step.request.subject : "?"));

test("a recipe of an edit has every edit that it was made on, once and before it, also those that are gone", async () => {
  const a = await edit("A");
  const b = await edit("B", [a]);
  const c = await edit("C", [b]);
  const d = await edit("D", [a, c]);
  const recipe = readStackRecipe(
    writeStackRecipe((await stackRecipeOf([{ delta: d, on: true }]))!),
  );
  expect(subjects(recipe)).toEqual(["A", "B", "C", "D"]);
  expect(recipe.edits.map(({ on }) => on)).toEqual([[], [0], [1], [0, 2]]);
  expect(recipe.on).toEqual([3]);
});

test("a recipe of a stack says which edits are on", async () => {
  const a = await edit("A");
  const stack = [
    { delta: a, on: false },
    { delta: await edit("B", [a]), on: true },
  ];
  const recipe = readStackRecipe(writeStackRecipe((await stackRecipeOf(stack))!));
  expect(subjects(recipe)).toEqual(["A", "B"]);
  expect(recipe.on).toEqual([1]);
});

test("an edit alone is written as before, and read as a stack of one", async () => {
  const text = writeStackRecipe((await stackRecipeOf([{ delta: await edit("A"), on: true }]))!);
  expect(readRecipe(text).request?.subject).toBe("A");
  expect(readStackRecipe(text)).toMatchObject({ version: 2, edits: [{ on: [] }], on: [0] });
});

test("an edit that stands on itself, on a later one, or twice on one is refused by its number", async () => {
  const a = await edit("A");
  const recipe = (await stackRecipeOf([{ delta: await edit("B", [a]), on: true }]))!;
  for (const on of [[1], [5], [0, 0]]) {
    const broken = {
      ...recipe,
      format: "palimpsest.recipe",
      version: 2,
      edits: [recipe.edits[0], { ...recipe.edits[1], on }],
    };
    expect(() => readStackRecipe(broken)).toThrow(/^edit 2 of the recipe stands on edit \d/);
  }
  expect(() => readStackRecipe({ format: "palimpsest.recipe", version: 3 })).toThrow(
    "the recipe: got version 3, expected 1 or 2; update Palimpsest",
  );
});
