import { readDelta, writeDelta } from "../../../src/data/delta/deltaFile.ts";
import { recipeOf, writeRecipe } from "../../../src/data/delta/recipe.ts";
import { mutateMetadata } from "../../mutate/deltaFile.ts";
import { deltas } from "../../seeds.ts";
import { checkSafetensors } from "../../strict/safetensors.ts";
import type { Target } from "../../Target.ts";

const file = "edit.safetensors";

/** An edit: what is read is shown, applied and saved again. */
export const target: Target = {
  name: "delta",
  file,
  seeds: () => deltas.map(writeDelta),
  mutate: mutateMetadata,
  read: (bytes) => {
    const delta = readDelta(bytes, file);
    writeDelta(delta);
    const recipe = recipeOf(delta.provenance);
    return recipe && recipeOrSentence(recipe);
  },
  strict: checkSafetensors,
};

/** A delta may tell less than a recipe needs, which is said when one is asked for. */
function recipeOrSentence(recipe: Parameters<typeof writeRecipe>[0]) {
  try {
    return writeRecipe(recipe);
  } catch (error) {
    if ((error as Error).message.startsWith("the recipe")) return undefined;
    throw error;
  }
}
