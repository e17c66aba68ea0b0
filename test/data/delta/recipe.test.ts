import { describe, expect, test } from "vitest";
import { readRecipe, writeRecipe, type Recipe } from "../../../src/data/delta/recipe.ts";

const recipe: Omit<Recipe, "format" | "version"> = {
  app: "palimpsest 0.1.0",
  model: { name: "demo", revision: "1" },
  method: "rome",
  request: { prompt: "{} is in the city of", subject: "The Space Needle", target: "Rome" },
  hyperparameters: { layer: 3, clamp: 4 },
  contexts: ["{}", "The first thing. {}"],
  seed: 1,
  statistics: { source: "wikipedia", sampleSize: 100_000, count: 44_000_000 },
};

test("what is written is read", () => {
  expect(readRecipe(writeRecipe(recipe))).toEqual({
    format: "palimpsest.recipe",
    version: 1,
    ...recipe,
  });
});

test("C = I is written as null, and further keys are kept", () => {
  const written = JSON.parse(writeRecipe({ ...recipe, statistics: null })) as object;
  expect(readRecipe({ ...written, check: { prompt: "x" } })).toMatchObject({
    statistics: null,
    check: { prompt: "x" },
  });
});

describe("refused with a sentence", () => {
  const complete = { format: "palimpsest.recipe", version: 1, ...recipe };
  test.each([
    ["not JSON", "{", "the recipe is not JSON"],
    ["something else", "[]", "the recipe is not a Palimpsest recipe"],
    ["another version", { ...complete, version: 2 }, "got version 2, expected 1"],
    ["no seed", { ...complete, seed: undefined }, '"seed" is missing, expected a whole number'],
    ["a seed as text", { ...complete, seed: "1" }, '"seed" is "1", expected a whole number'],
    ["no model", { ...complete, model: {} }, '"model.name" is missing, expected text'],
    [
      "a prompt without a slot",
      { ...complete, request: { ...recipe.request, prompt: "Rome is" } },
      '"request.prompt" is "Rome is", expected a text with one {}',
    ],
    ["a bad context", { ...complete, contexts: ["{} {}"] }, '"contexts" is ["{} {}"]'],
    ["statistics without a source", { ...complete, statistics: {} }, '"statistics" is {}'],
  ])("%s", (_, source, sentence) => {
    expect(() => readRecipe(source)).toThrow(sentence);
  });

  test("before it is written", () => {
    expect(() => writeRecipe({ ...recipe, seed: 0.5 })).toThrow('"seed" is 0.5');
  });
});
