import { architectureOf } from "../src/engine/architecture/architectures.ts";
import type { Delta } from "../src/data/delta/delta.ts";
import { writeDelta } from "../src/data/delta/deltaFile.ts";
import { writeAdapterZip, type AdapterCheck, type AdapterOptions } from "../src/data/delta/peft.ts";
import { requestsOf } from "../src/data/delta/provenance.ts";
import { recipeOf, writeRecipe } from "../src/data/delta/recipe.ts";
import { fileName } from "../src/data/fileName.ts";
import type { ModelConfig } from "../src/engine/architecture/config.ts";
import type { SavedFile } from "./protocol/editProtocol.ts";

/** What a delta's files are called: `method-space-needle-paris`, `method-100-facts-demo`. */
export function nameOf(delta: Delta): string {
  const { method, model } = delta.provenance;
  const facts = requestsOf(delta);
  if (facts.length === 1) return fileName(method, facts[0].subject, facts[0].target);
  return facts.length ? fileName(method, `${facts.length} facts`, model) : fileName(method, model);
}

/** The delta as safetensors. */
export const deltaFile = (delta: Delta): SavedFile => ({
  name: `${nameOf(delta)}.safetensors`,
  type: "application/octet-stream",
  bytes: writeDelta(delta),
});

/**
 * The recipe as JSON text.
 *
 * @throws where the delta does not say how it was made
 */
export function recipeFile(delta: Delta): SavedFile {
  const recipe = recipeOf(delta.provenance);
  if (!recipe)
    throw new Error("this delta does not say how it was made; there is no recipe of it to save");
  const bytes = new TextEncoder().encode(writeRecipe(recipe));
  return { name: `${nameOf(delta)}.json`, type: "application/json", bytes };
}

/** A zip that PEFT loads, with the recipe where there is one and a script that checks it on the first fact. */
export function adapterFile(
  delta: Delta,
  config: ModelConfig,
  check: AdapterCheck | undefined,
  full?: AdapterOptions["full"],
): SavedFile {
  const bytes = writeAdapterZip(delta, {
    fanInFanOut: architectureOf(config).stored === "inOut",
    baseModel: delta.provenance.model,
    recipe: recipeOf(delta.provenance) ?? {},
    check: check ?? { prompt: "", target: "" },
    full,
  });
  return { name: `${nameOf(delta)}-peft.zip`, type: "application/zip", bytes };
}
