/** Where a number about a model comes from. */
interface Cited {
  source: string;
  /** How far off a float32 run may be, where the source says it itself; see verifyFact's tolerances. */
  tolerance?: number;
}

/** Adam's settings in a search for v* (METHODS 4.7). */
export interface SearchSettings {
  learningRate: number;
  clamp: number;
  weightDecay: number;
  klFactor: number;
}

/** A target after prompts; NLL is the mean over its tokens of −log p, given those before. */
interface Scored {
  prompts: number[][];
  target: number[];
  expected: number;
}

/** Something that can be checked on a loaded model, in token ids and numbers. */
export type ModelFact = Cited &
  (
    | {
        /** Greedy text: `expected` is the prompt and what follows it. */
        kind: "continuation";
        prompt: number[];
        expected: number[];
      }
    | ({
        /** The mean over prompts of exp(−NLL); of one prompt and one token that is its probability. */
        kind: "probability";
      } & Scored)
    | ({
        /** The mean over prompts of NLL. */
        kind: "nll";
      } & Scored)
    | {
        /** The norm of what a site holds at the last of these tokens. */
        kind: "stateNorm";
        site: "mlp" | "hidden" | "key";
        layer: number;
        tokens: number[];
        expected: number;
      }
    | {
        /** The Frobenius norm of a tensor by its Hugging Face name. */
        kind: "tensorNorm";
        tensor: string;
        expected: number;
      }
    | {
        /** The losses of the search for v*, one before each step (METHODS 4.5), under given contexts. */
        kind: "search";
        layer: number;
        prompts: number[][];
        /** In each prompt, where the subject ends. */
        lookups: number[];
        target: number[];
        essence: { tokens: number[]; lookup: number };
        settings: SearchSettings;
        expected: number[];
      }
    | {
        /** The ids of a text. */
        kind: "tokens";
        text: string;
        expected: number[];
      }
    | {
        /** The hash of the first of these files that is there. */
        kind: "sha256";
        files: string[];
        expected: string;
      }
  );

type Check = (value: unknown) => boolean;

const isNumber: Check = (value) => typeof value === "number" && Number.isFinite(value);
const isText: Check = (value) => typeof value === "string" && value !== "";
const isIndex: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.length > 0 && value.every(check);
const record =
  (fields: Record<string, Check>): Check =>
  (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.entries(fields).every(([key, check]) => check((value as Record<string, unknown>)[key]));

const ids = listOf(isIndex);
const scored = { prompts: listOf(ids), target: ids, expected: isNumber };

/** What each kind must have besides its source. */
const kinds: Record<ModelFact["kind"], Record<string, Check>> = {
  continuation: { prompt: ids, expected: ids },
  probability: scored,
  nll: scored,
  stateNorm: {
    site: (value) => ["mlp", "hidden", "key"].includes(value as string),
    layer: isIndex,
    tokens: ids,
    expected: isNumber,
  },
  tensorNorm: { tensor: isText, expected: isNumber },
  search: {
    layer: isIndex,
    prompts: listOf(ids),
    lookups: ids,
    target: ids,
    essence: record({ tokens: ids, lookup: isIndex }),
    settings: record({
      learningRate: isNumber,
      clamp: isNumber,
      weightDecay: isNumber,
      klFactor: isNumber,
    }),
    expected: listOf(isNumber),
  },
  tokens: { text: isText, expected: ids },
  sha256: { files: listOf(isText), expected: isText },
};

/**
 * Reads a file of facts about a model: `{ "facts": [{ "kind": "continuation", "source": "…", "prompt": [464], … }] }`,
 * the entries as {@link ModelFact} has them.
 *
 * @throws one sentence with the fact's number and the field that is missing or of another type
 */
export function parseModelFacts(json: unknown): ModelFact[] {
  const { facts } = (json ?? {}) as { facts?: unknown };
  if (!Array.isArray(facts) || facts.length === 0) {
    throw new Error('it has no "facts"; a file of facts is { "facts": [{ "kind": …, … }] }');
  }
  return facts.map((fact, i) => checked(fact, i));
}

function checked(fact: unknown, i: number): ModelFact {
  const fields = (fact ?? {}) as Record<string, unknown>;
  const kind = fields.kind as ModelFact["kind"];
  if (!Object.hasOwn(kinds, kind)) {
    const known = Object.keys(kinds).join(", ");
    throw new Error(`fact ${i} has an unknown kind: ${JSON.stringify(kind)} (one of ${known})`);
  }
  const wanted = { source: isText, ...kinds[kind] };
  for (const [name, check] of Object.entries(wanted)) {
    if (check(fields[name])) continue;
    const value = JSON.stringify(fields[name]) ?? "nothing";
    throw new Error(`fact ${i} (${kind}) has an invalid "${name}": ${value.slice(0, 60)}`);
  }
  if (fields.tolerance !== undefined && !isNumber(fields.tolerance)) {
    throw new Error(`fact ${i} (${kind}) has an invalid "tolerance"`);
  }
  return fact as ModelFact;
}
