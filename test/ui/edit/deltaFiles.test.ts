import { expect, test } from "vitest";
import { readDelta } from "../../../src/data/delta/deltaFile.ts";
import { readAdapterZip } from "../../../src/data/delta/peft.ts";
import { readRecipe } from "../../../src/data/delta/recipe.ts";
import { adapterFile, deltaFile, nameOf, recipeFile } from "../../../src/ui/edit/deltaFiles.ts";
import type { Edit } from "../../../src/ui/edit/EditStack.svelte.ts";
import { FakeLab } from "../../support/ui/FakeLab.ts";
import { factorsOf } from "../../support/engine/deltas.ts";

const request = { prompt: "{} is in", subject: "The Space Needle", target: "Paris" };

async function madeEdit(): Promise<Edit> {
  const lab = new FakeLab();
  const { preset } = await lab.load(1, { source: { kind: "demo" } }, () => undefined);
  const made = await lab.rome(2, { request, hyperparameters: preset, seed: 7 }, () => undefined);
  const { delta, relativeNorm } = made;
  return { id: 1, on: true, delta, relativeNorm, truth: "Seattle", made };
}

test("a delta that was downloaded can be imported", async () => {
  const edit = await madeEdit();
  const { weights, provenance } = readDelta(deltaFile(edit));
  expect(factorsOf(weights[0]).u).toEqual(factorsOf(edit.delta.weights[0]).u);
  expect(provenance.request).toEqual(request);
  expect(nameOf(edit.delta)).toBe("rome-the-space-needle-paris");
});

test("a recipe has what is needed to make the edit again", async () => {
  const recipe = readRecipe(recipeFile(await madeEdit()));
  expect(recipe).toMatchObject({ method: "rome", request, seed: 7, contexts: ["{}", "The. {}"] });
  expect(recipe.statistics).toEqual({ source: "shipped with the model" });
});

test("an adapter holds the same delta", async () => {
  const edit = await madeEdit();
  const { config } = await new FakeLab().load(1, { source: { kind: "demo" } }, () => undefined);
  const check = { prompt: "The Space Needle is in", target: "Paris", before: 0.1, after: 0.9 };
  const { weights } = readAdapterZip(adapterFile(edit, config, check));
  expect(factorsOf(weights[0]).v).toEqual(factorsOf(edit.delta.weights[0]).v);
});

test("a delta that does not say how it was made has no recipe", async () => {
  const edit = await madeEdit();
  const { request: _, ...provenance } = edit.delta.provenance;
  expect(recipeFile({ ...edit, delta: { ...edit.delta, provenance } })).toBeUndefined();
});

test("an edit of many facts is named by their number, and goes into an adapter", async () => {
  const { request: _, ...provenance } = (await madeEdit()).delta.provenance;
  const edit = await madeEdit();
  const requests = [request, { ...request, subject: "The Louvre" }];
  const delta = { ...edit.delta, provenance: { ...provenance, method: "memit", requests } };
  expect(nameOf(delta)).toBe("memit-2-facts-demo");
  const { config } = await new FakeLab().load(1, { source: { kind: "demo" } }, () => undefined);
  const read = readAdapterZip(adapterFile({ ...edit, delta }, config, null));
  expect(read.provenance.requests).toEqual(requests);
});
