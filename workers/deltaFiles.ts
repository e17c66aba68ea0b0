import { architectureOf } from "../src/engine/architecture/architectures.ts";
import type { Delta } from "../src/data/delta/delta.ts";
import { writeDelta } from "../src/data/delta/deltaFile.ts";
import { writeAdapterZip, type AdapterCheck } from "../src/data/delta/peft.ts";
import { requestsOf } from "../src/data/delta/provenance.ts";
import { recipeOf as recipeOfProvenance, writeRecipe } from "../src/data/delta/recipe.ts";
import { fileName } from "../src/data/fileName.ts";
import type { ModelConfig } from "../src/engine/architecture/config.ts";
import type { SavedFile } from "./protocol/editProtocol.ts";

/** What the run that made an edit knows beside its delta. */
export interface MadeWith {
  /** The context templates, each with one `{}`. */
  contexts: string[];
  /** Where C came from. */
  statistics: string;
}

/** A delta, and how it was made where that was on this visit. */
export interface MadeDelta {
  delta: Delta;
  made?: MadeWith | undefined;
}

/** What a delta's files are called: `rome-space-needle-paris`, `memit-100-facts-demo`. */
export function nameOf(delta: Delta): string {
  const { method, model } = delta.provenance;
  const facts = requestsOf(delta);
  if (facts.length === 1) return fileName(method, facts[0].subject, facts[0].target);
  return fileName(method, ...(facts.length ? [`${facts.length} facts`] : []), model);
}

/** The delta as safetensors. */
export const deltaFile = ({ delta }: MadeDelta): SavedFile => ({
  name: `${nameOf(delta)}.safetensors`,
  type: "application/octet-stream",
  bytes: writeDelta(delta),
});

/** The recipe of an edit; undefined for a delta that does not say how it was made. */
export function recipeOf({ delta: { provenance }, made }: MadeDelta) {
  if (!made) return recipeOfProvenance(provenance);
  const { contexts, statistics = [{ source: made.statistics }] } = provenance;
  return recipeOfProvenance({ ...provenance, contexts: contexts ?? made.contexts, statistics });
}

/**
 * The recipe as JSON text.
 *
 * @throws where the delta does not say how it was made
 */
export function recipeFile(edit: MadeDelta): SavedFile {
  const recipe = recipeOf(edit);
  if (!recipe)
    throw new Error("this delta does not say how it was made; there is no recipe of it to save");
  const bytes = new TextEncoder().encode(writeRecipe(recipe));
  return { name: `${nameOf(edit.delta)}.json`, type: "application/json", bytes };
}

/** A zip that PEFT loads, with the recipe where there is one and a script that checks it on the first fact. */
export function adapterFile(
  edit: MadeDelta,
  config: ModelConfig,
  check: AdapterCheck | undefined,
): SavedFile {
  const bytes = writeAdapterZip(edit.delta, {
    fanInFanOut: architectureOf(config).stored === "inOut",
    baseModel: edit.delta.provenance.model,
    recipe: recipeOf(edit) ?? {},
    check: check ?? { prompt: "", target: "" },
  });
  return { name: `${nameOf(edit.delta)}-peft.zip`, type: "application/zip", bytes };
}
