import * as v from "valibot";
import { bounds } from "../outside/bounds.ts";
import { checkShape } from "../outside/checkShape.ts";
import { list, longText, name, object, record, whole } from "../outside/kinds.ts";
import { parseJson } from "../outside/readJson.ts";
import { shown } from "../outside/shown.ts";
import { type Provenance, requestsOf, stamp, type WrittenFact } from "./provenance.ts";

export const FORMAT = "palimpsest.recipe";
const VERSION = 1;

const slot = v.pipe(
  longText,
  v.check((value) => value.split("{}").length === 2, "a text with one {} for the subject"),
);
const request = object({ prompt: slot, subject: longText, target: longText });
const templates = list(slot, bounds.facts);
const statistics = object({
  source: name,
  layer: v.optional(whole()),
  sampleSize: v.optional(whole()),
  count: v.optional(whole()),
});
/** What a recipe says beside what is done. */
export const recipeAbout = {
  app: name,
  model: object({
    name,
    revision: name,
    stamp: v.optional(stamp),
    precision: v.optional(name),
  }),
};
/** What a recipe says of one edit, but for the facts. */
const how = {
  method: name,
  hyperparameters: record,
  contexts: v.union(
    [templates, list(templates, bounds.facts)],
    "a list of templates with one {} each",
  ),
  seed: whole(Number.MIN_SAFE_INTEGER),
  statistics: v.union(
    [v.null(), statistics, list(statistics, bounds.layers)],
    "null or an object with a source",
  ),
};
/** One edit of a recipe, of one fact or of several. */
export const oneFact = { ...how, request };
export const manyFacts = { ...how, requests: list(request, bounds.facts) };
const ofOne = object({ ...recipeAbout, ...oneFact });
const ofMany = object({ ...recipeAbout, ...manyFacts });

/** Statistics of keys that an edit was weighed with. */
interface RecipeStatistics {
  source: string;
  layer?: number;
  sampleSize?: number;
  count?: number;
}

/** The program that wrote a recipe, and the model that it is for. */
export interface RecipeAbout {
  app: string;
  model: { name: string; revision: string; stamp?: string; precision?: string };
}

/** Everything needed to make an edit again: the requests, every number, and the texts that were sampled. */
export interface Recipe extends RecipeAbout, RecipeEdit {
  format: "palimpsest.recipe";
  version: 1;
}

/** How one edit is made. */
export interface RecipeEdit {
  /** The editor's name. */
  method: string;
  /** `prompt` holds one {} for the subject. */
  request?: WrittenFact;
  /** Instead, where there are several. */
  requests?: WrittenFact[];
  hyperparameters: Record<string, unknown>;
  /** The context templates that were used, each with one {}, in groups or not: sampled prefixes are part of the result. */
  contexts: string[] | string[][];
  seed: number;
  /** Where the covariance C came from, of several layers for each; null when C = I. */
  statistics: RecipeStatistics | RecipeStatistics[] | null;
}

/** The recipe that a delta's provenance tells; undefined where it does not say what was written. */
export function recipeOf(provenance: Provenance): Omit<Recipe, "format" | "version"> | undefined {
  const { app, model: name, revision, stamp, precision } = provenance;
  const { method, hyperparameters, seed } = provenance;
  const facts = requestsOf({ provenance });
  if (facts.length === 0) return undefined;
  const model: Recipe["model"] = { name, revision };
  if (stamp !== undefined) model.stamp = stamp;
  if (precision !== undefined) model.precision = precision;
  const about = {
    app,
    method,
    model,
    hyperparameters,
    seed,
    contexts: (Array.isArray(provenance.contexts) ? provenance.contexts : []) as string[],
    statistics: statisticsOf(provenance),
    ...goalOf(provenance),
  };
  return facts.length === 1 ? { ...about, request: facts[0] } : { ...about, requests: facts };
}

/** What the search was for and when it ended, said only where that is unusual. */
function goalOf({ objective, stop }: Provenance): { objective?: unknown; stop?: unknown } {
  return { ...(objective ? { objective } : {}), ...(stop ? { stop } : {}) };
}

function statisticsOf({ statistics, hyperparameters }: Provenance): Recipe["statistics"] {
  if (Array.isArray(statistics)) {
    const list = statistics as RecipeStatistics[];
    return list.length > 1 ? list : (list.at(0) ?? null);
  }
  // Deltas that were made before their provenance told of statistics.
  const identity = hyperparameters.covariance === "I" || hyperparameters.mom2Adjustment === false;
  return identity ? null : { source: "not recorded" };
}

/**
 * A recipe as JSON text, two spaces deep, for reading by people and by {@link readRecipe}.
 *
 * @throws as `readRecipe` does, so that no recipe is written that cannot be read
 */
export function writeRecipe(recipe: Omit<Recipe, "format" | "version">): string {
  const complete: Recipe = { ...recipe, format: FORMAT, version: VERSION };
  readRecipe(complete);
  return `${JSON.stringify(complete, null, 2)}\n`;
}

/**
 * Reads a recipe; further keys are kept as they are.
 *
 * @param source JSON text, or the value it holds
 * @throws one sentence: not JSON, not a recipe, another version, or the first field that is missing or of the
 *   wrong kind
 */
export function readRecipe(source: unknown, what = "the recipe"): Recipe {
  const value = readAs(source, what);
  const version = recipeVersion(value, what);
  if (version !== VERSION) {
    throw new Error(
      `${shown(what)}: got version ${shown(version)}, expected ${VERSION}; update Palimpsest`,
    );
  }
  const several = (value as Partial<Recipe>).requests !== undefined;
  return checkShape<v.GenericSchema>(value, several ? ofMany : ofOne, what) as Recipe;
}

/** The version that a recipe says it has. @throws where it is none */
export function recipeVersion(value: unknown, what: string): unknown {
  const { format, version } = (value ?? {}) as Record<string, unknown>;
  if (format === FORMAT) return version;
  throw new Error(`${shown(what)} is not a Palimpsest recipe (it lacks "format": "${FORMAT}")`);
}

/** What a text or bytes hold; any other value is what it is. */
export const readAs = (source: unknown, what: string): unknown =>
  typeof source === "string" || source instanceof Uint8Array ? parseJson(source, what) : source;
