import * as v from "valibot";
import { bounds } from "../outside/bounds.ts";
import { checkShape } from "../outside/checkShape.ts";
import { longText, number, object, someList, someName, whole } from "../outside/kinds.ts";
import { shown } from "../outside/shown.ts";

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

const ids = someList(whole(0, bounds.dimension), bounds.ids);
const scored = { prompts: someList(ids, bounds.ids), target: ids, expected: number };
const cited = { source: someName, tolerance: v.optional(number) };
const layer = whole(0, bounds.layers);

/** What each kind must have. */
const kinds: Record<ModelFact["kind"], v.GenericSchema> = {
  continuation: object({ ...cited, prompt: ids, expected: ids }),
  probability: object({ ...cited, ...scored }),
  nll: object({ ...cited, ...scored }),
  stateNorm: object({
    ...cited,
    site: v.picklist(["mlp", "hidden", "key"], "mlp, hidden or key"),
    layer,
    tokens: ids,
    expected: number,
  }),
  tensorNorm: object({ ...cited, tensor: someName, expected: number }),
  search: object({
    ...cited,
    layer,
    prompts: someList(ids, bounds.ids),
    lookups: ids,
    target: ids,
    essence: object({ tokens: ids, lookup: whole() }),
    settings: object({
      learningRate: number,
      clamp: number,
      weightDecay: number,
      klFactor: number,
    }),
    expected: someList(number, bounds.ids),
  }),
  tokens: object({ ...cited, text: v.pipe(longText, v.nonEmpty("a text")), expected: ids }),
  sha256: object({
    ...cited,
    files: someList(someName, bounds.ids),
    expected: someName,
  }),
};

/**
 * Reads a file of facts about a model: `{ "facts": [{ "kind": "continuation", "source": "…", "prompt": [464], … }] }`,
 * the entries as {@link ModelFact} has them.
 *
 * @param what names the file in messages
 * @throws one sentence with the fact's number and the field that is missing or of another type
 */
export function parseModelFacts(json: unknown, what = "the file of facts"): ModelFact[] {
  const { facts } = (json ?? {}) as { facts?: unknown };
  if (!Array.isArray(facts) || facts.length === 0) {
    throw new Error(
      `${shown(what)} has no "facts"; a file of facts is { "facts": [{ "kind": …, … }] }`,
    );
  }
  return facts.map((fact: unknown, i) => checked(fact, `${shown(what, 80)}: fact ${i}`));
}

function checked(fact: unknown, where: string): ModelFact {
  const { kind } = (fact ?? {}) as { kind?: unknown };
  if (typeof kind !== "string" || !Object.hasOwn(kinds, kind)) {
    const known = Object.keys(kinds).join(", ");
    throw new Error(`${shown(where, 90)} has an unknown kind: "${shown(kind)}" (one of ${known})`);
  }
  checkShape(fact, kinds[kind as ModelFact["kind"]], where);
  return fact as ModelFact;
}
