import * as v from "valibot";
import { bounds } from "../outside/bounds.ts";
import { checkShape } from "../outside/checkShape.ts";
import { list, number, object, whole } from "../outside/kinds.ts";
import { shown } from "../outside/shown.ts";
import type { Delta } from "./delta.ts";
import { type EditBeneath, stamp } from "./provenance.ts";
import { editBeneath } from "./provenanceOn.ts";
import {
  FORMAT,
  manyFacts,
  oneFact,
  readAs,
  readRecipe,
  type Recipe,
  recipeAbout,
  type RecipeAbout,
  type RecipeEdit,
  recipeOf,
  recipeVersion,
  writeRecipe,
} from "./recipe.ts";

const VERSION = 2;

/** An edit of a stack, and the edits that are on while it is made, by their places in the recipe. */
interface Placed {
  on: number[];
  /** What its numbers are known by (deltaDigest); another machine may give others in the last places. */
  digest?: string | undefined;
  /** What its ΔW is multiplied by once it is made; 1 where absent. */
  strength?: number | undefined;
}

/** An edit that is made. */
export type MadeStep = RecipeEdit & Placed;

/** An edit that says no facts, such as an adapter of another program: it comes from its file. */
export interface GivenStep extends Placed {
  given: string;
}

/** How a stack of edits is made, step by step. */
export interface StackRecipe extends RecipeAbout {
  format: "palimpsest.recipe";
  version: 2;
  edits: (MadeStep | GivenStep)[];
  /** The edits that are on in the end. */
  on: number[];
}

const places = list(whole(), bounds.edits);
const placed = { on: places, digest: v.optional(stamp), strength: v.optional(number) };
const stack = object({
  ...recipeAbout,
  edits: v.pipe(
    list(
      v.union(
        [
          object({ ...oneFact, ...placed }),
          object({ ...manyFacts, ...placed }),
          object({ given: stamp, ...placed }),
        ],
        "an edit with its facts, its method and its settings, or one with “given”",
      ),
      bounds.edits,
    ),
    v.nonEmpty("a list of edits that is not empty"),
  ),
  on: places,
});

/** Whether a step is an edit that comes from a file. */
export const isGiven = (step: MadeStep | GivenStep): step is GivenStep => "given" in step;

/** An edit of a stack, and whether it is on. */
export interface StackedEdit {
  delta: Delta;
  on: boolean;
}

/**
 * The recipe of a stack: every edit in its order, each after those that were on when it was made, also where these are no
 * longer in the stack. Undefined where none of them says how it was made.
 */
export async function stackRecipeOf(
  edits: readonly StackedEdit[],
): Promise<Omit<StackRecipe, "format" | "version"> | undefined> {
  const steps = new Map<string, EditBeneath>();
  /** A sum is made by making its parts. */
  const sums = new Map<string, readonly string[]>();
  const on: string[] = [];
  for (const edit of edits) {
    const { itself, beneath } = await editBeneath(edit.delta);
    for (const step of [...beneath, itself]) {
      if (isSum(step)) sums.set(step.digest, step.provenance.sum!);
      else if (!steps.has(step.digest)) steps.set(step.digest, step);
    }
    if (edit.on) on.push(itself.digest);
  }
  const order = [...steps.keys()];
  const placesOf = (digests: readonly string[]) => [
    ...new Set(digests.flatMap((digest) => partsOf(digest, sums)).map((one) => order.indexOf(one))),
  ];
  const recipes = [...steps.values()].map(({ provenance }) => recipeOf(provenance));
  const about = recipes.findLast((recipe) => recipe !== undefined);
  if (!about) return undefined;
  const made = [...steps.values()].map((step, i): MadeStep | GivenStep => {
    const { strength, whole } = step.provenance;
    const place: Placed = { on: placesOf(step.on), digest: step.digest };
    if (strength !== undefined) place.strength = strength;
    const recipe = step.provenance.sum ? undefined : recipes[i];
    if (!recipe) return { given: whole ?? step.digest, ...place };
    const { app: _, model: __, ...how } = recipe;
    return { ...how, ...place };
  });
  const { app, model } = about;
  return { app, model, edits: made, on: placesOf(on) };
}

/** A sum at another strength comes from its file. */
const isSum = ({ provenance: { sum, strength } }: EditBeneath): boolean =>
  sum !== undefined && strength === undefined;

/** The edits that an edit is the sum of, or itself. A file may say that a sum is a part of itself. */
function partsOf(
  digest: string,
  sums: ReadonlyMap<string, readonly string[]>,
  within: readonly string[] = [],
): string[] {
  const parts = within.includes(digest) ? undefined : sums.get(digest);
  return parts?.flatMap((part) => partsOf(part, sums, [...within, digest])) ?? [digest];
}

/** As JSON text: a single edit that stands on no other as {@link writeRecipe} has it. @throws as {@link readStackRecipe} */
export function writeStackRecipe(recipe: Omit<StackRecipe, "format" | "version">): string {
  const { app, model, edits } = recipe;
  const [first] = edits;
  if (edits.length === 1 && !isGiven(first) && first.strength === undefined) {
    const { on: _, digest: __, ...how } = first;
    return writeRecipe({ app, model, ...how });
  }
  const complete: StackRecipe = { ...recipe, format: FORMAT, version: VERSION };
  readStackRecipe(complete);
  return `${JSON.stringify(complete, null, 2)}\n`;
}

/**
 * Reads a recipe of one edit, or of a stack; further keys are kept as they are.
 *
 * @param source JSON text, or the value it holds
 * @throws one sentence: not JSON, not a recipe, another version, the first field that is missing or of the wrong kind, or an
 *   edit that stands on one that is not before it
 */
export function readStackRecipe(source: unknown, what = "the recipe"): StackRecipe {
  const value = readAs(source, what);
  const version = recipeVersion(value, what);
  if (version === 1) return asStack(readRecipe(value, what));
  if (version !== VERSION) {
    throw new Error(
      `${shown(what)}: got version ${shown(version)}, expected 1 or ${VERSION}; update Palimpsest`,
    );
  }
  const recipe = checkShape<v.GenericSchema>(value, stack, what) as StackRecipe;
  recipe.edits.forEach(({ on }, i) => checkPlaces(on, i, `edit ${i + 1} of ${shown(what)}`));
  checkPlaces(recipe.on, recipe.edits.length, shown(what));
  return recipe;
}

function asStack(recipe: Recipe): StackRecipe {
  const { format, version: _, app, model, ...how } = recipe;
  return { format, version: VERSION, app, model, edits: [{ ...how, on: [] }], on: [0] };
}

function checkPlaces(on: readonly number[], before: number, what: string): void {
  const wrong = on.find((place, i) => place >= before || on.indexOf(place) < i);
  if (wrong === undefined) return;
  throw new Error(`${what} stands on edit ${wrong + 1}, which is not one of those before it`);
}
