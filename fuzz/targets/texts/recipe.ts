import { readRecipe, writeRecipe } from "../../../src/data/delta/recipe.ts";
import { mutateJsonBytes } from "../../mutate/json.ts";
import { recipes, textFile } from "../../seeds.ts";
import type { Target } from "../../Target.ts";

const file = "recipe.json";

/** A recipe; what is read can be written again. */
export const target: Target = {
  name: "recipe",
  file,
  seeds: () => recipes.map((recipe) => textFile(writeRecipe(recipe))),
  mutate: mutateJsonBytes,
  read: (bytes) => writeRecipe(readRecipe(bytes, file)),
};
