import { type Provenance, requestsOf, type WrittenFact } from "./provenance.ts";

const FORMAT = "palimpsest.recipe";
const VERSION = 1;

/** Statistics of keys that an edit was weighed with. */
interface RecipeStatistics {
  source: string;
  layer?: number;
  sampleSize?: number;
  count?: number;
}

/** Everything needed to make an edit again: the requests, every number, and the texts that were sampled. */
export interface Recipe {
  format: "palimpsest.recipe";
  version: 1;
  app: string;
  model: { name: string; revision: string; precision?: string };
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
  const { app, model: name, revision, precision, method, hyperparameters, seed } = provenance;
  const facts = requestsOf({ provenance });
  if (facts.length === 0) return undefined;
  const model = typeof precision === "string" ? { name, revision, precision } : { name, revision };
  const about = {
    app,
    method,
    model,
    hyperparameters,
    seed,
    contexts: (Array.isArray(provenance.contexts) ? provenance.contexts : []) as string[],
    statistics: statisticsOf(provenance),
  };
  return facts.length === 1 ? { ...about, request: facts[0] } : { ...about, requests: facts };
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
  const value = typeof source === "string" ? parse(source, what) : source;
  if (!isRecord(value) || value.format !== FORMAT) {
    throw new Error(`${what} is not a Palimpsest recipe (it lacks "format": "${FORMAT}")`);
  }
  if (value.version !== VERSION) {
    throw new Error(
      `${what}: got version ${JSON.stringify(value.version)}, expected ${VERSION}; update Palimpsest`,
    );
  }
  const facts = value.requests === undefined ? oneFact : manyFacts;
  for (const [path, kind] of Object.entries({ ...facts, ...fields })) {
    const found = at(value, path);
    if (!kind.test(found)) {
      const shown = found === undefined ? "is missing" : `is ${JSON.stringify(found)}`;
      throw new Error(`${what} is incomplete: "${path}" ${shown}, expected ${kind.name}`);
    }
  }
  return value as unknown as Recipe;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string";
const hasSlot = (value: unknown) => isText(value) && value.split("{}").length === 2;

const areSlots = (value: unknown) => Array.isArray(value) && value.every(hasSlot);
const hasSource = (value: unknown) => isRecord(value) && isText(value.source);
const isFact = (value: unknown) =>
  isRecord(value) && hasSlot(value.prompt) && isText(value.subject) && isText(value.target);

const text = { name: "text", test: isText };
const record = { name: "an object", test: isRecord };
const slot = { name: "a text with one {} for the subject", test: hasSlot };
type Kinds = Record<string, { name: string; test(value: unknown): boolean }>;
const oneFact: Kinds = {
  "request.prompt": slot,
  "request.subject": text,
  "request.target": text,
};
const manyFacts: Kinds = {
  requests: {
    name: "a list of facts, each with prompt, subject and target",
    test: (value) => Array.isArray(value) && value.every(isFact),
  },
};
const fields: Kinds = {
  app: text,
  "model.name": text,
  "model.revision": text,
  method: text,
  hyperparameters: record,
  contexts: {
    name: "a list of templates with one {} each",
    test: (value) => areSlots(value) || (Array.isArray(value) && value.every(areSlots)),
  },
  seed: { name: "a whole number", test: Number.isSafeInteger },
  statistics: {
    name: "null or an object with a source",
    test: (value) =>
      value === null || hasSource(value) || (Array.isArray(value) && value.every(hasSource)),
  },
};

function parse(json: string, what: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new Error(`${what} is not JSON`);
  }
}

function at(value: Record<string, unknown>, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
}
