import { expect, test } from "vitest";
import type { Delta } from "../../src/data/delta/delta.ts";
import { readDelta } from "../../src/data/delta/deltaFile.ts";
import { readAdapterZip } from "../../src/data/delta/readAdapter.ts";
import { readRecipe } from "../../src/data/delta/recipe.ts";
import { adapterFile, deltaFile, nameOf, recipeFile } from "../../workers/deltaFiles.ts";
import { smallConfig } from "../support/engine/smallConfig.ts";

const request = { prompt: "{} is in", subject: "The Space Needle", target: "Paris" };

const delta: Delta = {
  provenance: {
    format: "palimpsest.delta",
    version: 1,
    model: "demo",
    revision: "main",
    method: "rome",
    app: "palimpsest 0.1.0",
    seed: 7,
    hyperparameters: { layer: 2 },
    contexts: ["{}", "The. {}"],
    statistics: [{ source: "shipped with the model" }],
    request,
  },
  weights: [
    {
      weight: "transformer.h.2.mlp.c_proj.weight",
      change: {
        rank: 1,
        u: new Float32Array(1024).fill(0.03),
        v: new Float32Array(256).fill(0.1),
      },
      norm: 0.061,
    },
  ],
};
const about = (changes: object): Delta => {
  const { request: _, ...provenance } = delta.provenance;
  return { ...delta, provenance: { ...provenance, ...changes } };
};

test("a delta that was downloaded can be imported", () => {
  const { name, bytes } = deltaFile(delta);
  const read = readDelta(bytes);
  expect(read.weights).toEqual(delta.weights);
  expect(read.provenance.request).toEqual(request);
  expect(name).toBe("rome-the-space-needle-paris.safetensors");
});

test("a recipe has what is needed to make the edit again", async () => {
  const { name, bytes } = await recipeFile([{ delta, on: true }]);
  const recipe = readRecipe(new TextDecoder().decode(bytes));
  expect(recipe).toMatchObject({ method: "rome", request, seed: 7, contexts: ["{}", "The. {}"] });
  expect(recipe.statistics).toEqual({ source: "shipped with the model" });
  expect(name).toBe("rome-the-space-needle-paris.json");
});

test("a recipe says that C was the identity, or that nobody wrote down what it was", async () => {
  const recipeOf = async (changes: object) => {
    const { bytes } = await recipeFile([{ delta: about({ request, ...changes }), on: true }]);
    return readRecipe(new TextDecoder().decode(bytes));
  };
  expect((await recipeOf({ statistics: [] })).statistics).toBeNull();
  expect((await recipeOf({ statistics: undefined })).statistics).toEqual({
    source: "not recorded",
  });
  const identity = { mom2Adjustment: false };
  const old = await recipeOf({ statistics: undefined, hyperparameters: identity });
  expect(old.statistics).toBeNull();
});

test("an adapter holds the same delta", async () => {
  const check = { prompt: "The Space Needle is in", target: "Paris", before: 0.1, after: 0.9 };
  const { weights } = readAdapterZip((await adapterFile(delta, smallConfig, check)).bytes);
  expect(weights[0].change).toEqual(delta.weights[0].change);
});

test("a delta that does not say how it was made has no recipe", async () => {
  const made = recipeFile([{ delta: about({}), on: true }]);
  await expect(made).rejects.toThrow(/does not say how it was made/);
});

test("an edit of many facts is named by their number, and goes into an adapter", async () => {
  const requests = [request, { ...request, subject: "The Louvre" }];
  const many = about({ method: "memit", requests });
  expect(nameOf(many)).toBe("memit-2-facts-demo");
  const { bytes } = await adapterFile(many, smallConfig, undefined);
  expect(readAdapterZip(bytes).provenance.requests).toEqual(requests);
});
