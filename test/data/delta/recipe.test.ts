import { describe, expect, test } from "vitest";
import type { Provenance } from "../../../src/data/delta/provenance.ts";
import { readRecipe, recipeOf, writeRecipe, type Recipe } from "../../../src/data/delta/recipe.ts";

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
    ["no seed", { ...complete, seed: undefined }, 'the recipe lacks "seed"'],
    ["a seed as text", { ...complete, seed: "1" }, '"seed" is "1", expected a whole number'],
    ["no model", { ...complete, model: {} }, 'the recipe lacks "model.name"'],
    [
      "a prompt without a slot",
      { ...complete, request: { ...recipe.request, prompt: "Rome is" } },
      '"request.prompt" is "Rome is", expected a text with one {}',
    ],
    [
      "a bad context",
      { ...complete, contexts: ["{} {}"] },
      '"contexts" is a list of 1, expected a list of templates with one {}',
    ],
    [
      "statistics without a source",
      { ...complete, statistics: {} },
      '"statistics" is an object, expected null or an object with a source',
    ],
  ])("%s", (_, source, sentence) => {
    expect(() => readRecipe(source)).toThrow(sentence);
  });

  test("before it is written", () => {
    expect(() => writeRecipe({ ...recipe, seed: 0.5 })).toThrow('"seed" is 0.5');
  });
});

describe("of a delta's provenance", () => {
  const { request: one, statistics: read, ...shared } = recipe;
  const about: Provenance = {
    format: "palimpsest.delta",
    version: 1,
    app: shared.app,
    model: "demo",
    revision: "1",
    precision: "q8",
    method: "rome",
    hyperparameters: shared.hyperparameters,
    contexts: shared.contexts,
    seed: 1,
  };
  const model = { name: "demo", revision: "1", precision: "q8" };

  test("of one fact", () => {
    const statistics = [{ layer: 3, ...(read as object) }];
    const made = recipeOf({ ...about, request: one!, statistics })!;
    expect(made).toEqual({ ...recipe, model, statistics: statistics[0] });
    expect(readRecipe(writeRecipe(made))).toMatchObject(made);
  });

  test("of many, in groups of contexts, with statistics of several layers", () => {
    const statistics = [0, 2].map((layer) => ({ layer, source: "corpus.txt", count: 10 }));
    const contexts = [["{}"], ["The. {}", "You. {}"]];
    const made = recipeOf({ ...about, requests: [one!, one!], contexts, statistics })!;
    expect(made).toEqual({ ...shared, model, contexts, requests: [one, one], statistics });
    expect(readRecipe(writeRecipe(made))).toMatchObject(made);
    const broken = { ...made, requests: [{ ...one, prompt: "Rome is" }] };
    expect(() => writeRecipe(broken as never)).toThrow('"requests.0.prompt" is "Rome is"');
  });

  test("says what it does not know", () => {
    const statistics = (provenance: Provenance) => recipeOf(provenance)!.statistics;
    expect(statistics({ ...about, request: one! })).toEqual({ source: "not recorded" });
    expect(statistics({ ...about, request: one!, statistics: [] })).toBeNull();
    const old = { ...about, request: one!, hyperparameters: { mom2Adjustment: false } };
    expect(statistics(old)).toBeNull();
    expect(recipeOf(about)).toBeUndefined();
  });
});
