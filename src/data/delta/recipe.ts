const FORMAT = "palimpsest.recipe";
const VERSION = 1;

/** Everything needed to make an edit again: the request, every number, and the texts that were sampled. */
export interface Recipe {
  format: "palimpsest.recipe";
  version: 1;
  app: string;
  model: { name: string; revision: string };
  /** "rome", … */
  method: string;
  /** `prompt` holds one {} for the subject. */
  request: { prompt: string; subject: string; target: string };
  hyperparameters: Record<string, unknown>;
  /** The context templates that were used, each with one {}: the sampled prefixes are part of the result. */
  contexts: string[];
  seed: number;
  /** Where the covariance C came from; null when C = I. */
  statistics: { source: string; sampleSize?: number; count?: number } | null;
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
  for (const [path, kind] of Object.entries(fields)) {
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

const text = { name: "text", test: isText };
const record = { name: "an object", test: isRecord };
const slot = { name: "a text with one {} for the subject", test: hasSlot };
const fields: Record<string, { name: string; test(value: unknown): boolean }> = {
  app: text,
  "model.name": text,
  "model.revision": text,
  method: text,
  "request.prompt": slot,
  "request.subject": text,
  "request.target": text,
  hyperparameters: record,
  contexts: {
    name: "a list of templates with one {} each",
    test: (value) => Array.isArray(value) && value.every(hasSlot),
  },
  seed: { name: "a whole number", test: Number.isSafeInteger },
  statistics: {
    name: "null or an object with a source",
    test: (value) => value === null || (isRecord(value) && isText(value.source)),
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
