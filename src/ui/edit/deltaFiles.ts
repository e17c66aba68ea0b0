import type { Delta } from "../../data/delta/delta.ts";
import { writeDelta } from "../../data/delta/deltaFile.ts";
import { requestsOf } from "../../data/delta/provenance.ts";
import { writeAdapterZip } from "../../data/delta/peft.ts";
import { writeRecipe } from "../../data/delta/recipe.ts";
import type { CheckView, ModelConfig } from "../../../workers/protocol/protocol.ts";
import { fileName } from "../parts/download.ts";
import type { Edit } from "./EditStack.svelte.ts";

/** What a delta is called: `rome-space-needle-paris`, `memit-100-facts-demo`. */
export function nameOf(delta: Delta): string {
  const { method, model } = delta.provenance;
  const facts = requestsOf(delta);
  if (facts.length === 1) return fileName(method, facts[0].subject, facts[0].target);
  return fileName(method, ...(facts.length ? [`${facts.length} facts`] : []), model);
}

/** The delta as safetensors. */
export const deltaFile = ({ delta }: Edit) => writeDelta(delta);

/** The recipe of an edit that was made by request; undefined for a delta that does not say how. */
export function recipeOf({ delta, made }: Edit): Parameters<typeof writeRecipe>[0] | undefined {
  const { app, model, revision, method, request, hyperparameters, seed } = delta.provenance;
  const { precision } = delta.provenance;
  if (!request) return undefined;
  const contexts = made?.contexts ?? delta.provenance.contexts;
  const source = made?.statistics ?? "not recorded";
  return {
    app,
    method,
    request,
    hyperparameters,
    seed,
    model: { name: model, revision, ...(precision !== undefined && { precision }) },
    contexts: Array.isArray(contexts) ? (contexts as string[]) : [],
    statistics: hyperparameters.mom2Adjustment === false ? null : { source },
  };
}

/** The recipe as JSON text. */
export function recipeFile(edit: Edit): string | undefined {
  const recipe = recipeOf(edit);
  return recipe && writeRecipe(recipe);
}

/** A zip that PEFT loads, with the recipe where there is one and a script that checks it on the first fact. */
export function adapterFile(edit: Edit, config: ModelConfig, check: CheckView | null): Uint8Array {
  return writeAdapterZip(edit.delta, {
    architecture: config.architecture,
    baseModel: edit.delta.provenance.model,
    recipe: recipeOf(edit) ?? {},
    check: check ?? { prompt: "", target: "" },
  });
}
