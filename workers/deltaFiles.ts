import { architectureOf } from "../src/engine/architecture/architectures.ts";
import type { Delta } from "../src/data/delta/delta.ts";
import { writeDelta } from "../src/data/delta/deltaFile.ts";
import { writeAdapterZip, type AdapterCheck, type AdapterOptions } from "../src/data/delta/peft.ts";
import { requestsOf } from "../src/data/delta/provenance.ts";
import {
  type StackedEdit,
  stackRecipeOf,
  writeStackRecipe,
} from "../src/data/delta/stackRecipe.ts";
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
 * The recipe of an edit, or of a whole stack, as JSON text: with every edit that they were made on.
 *
 * @throws where none of them says how it was made
 */
export async function recipeFile(edits: readonly StackedEdit[]): Promise<SavedFile> {
  const recipe = await stackRecipeOf(edits);
  if (!recipe)
    throw new Error("this delta does not say how it was made; there is no recipe of it to save");
  const bytes = new TextEncoder().encode(writeStackRecipe(recipe));
  return { name: `${stackName(edits)}.json`, type: "application/json", bytes };
}

/** What files of some edits are called. */
export const stackName = (edits: readonly StackedEdit[]): string =>
  edits.length === 1
    ? nameOf(edits[0].delta)
    : fileName(`${edits.length} edits`, edits[0].delta.provenance.model);

/** A zip that PEFT loads, with the recipe where there is one and a script that checks it on the first fact. */
export async function adapterFile(
  delta: Delta,
  config: ModelConfig,
  check: AdapterCheck | undefined,
  full?: AdapterOptions["full"],
): Promise<SavedFile> {
  const bytes = writeAdapterZip(delta, {
    fanInFanOut: architectureOf(config).stored === "inOut",
    baseModel: delta.provenance.model,
    recipe: (await stackRecipeOf([{ delta, on: true }])) ?? {},
    check: check ?? { prompt: "", target: "" },
    full,
  });
  return { name: `${nameOf(delta)}-peft.zip`, type: "application/zip", bytes };
}
