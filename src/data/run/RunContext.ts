import * as v from "valibot";
import { stamp } from "../delta/provenance.ts";
import type { ModelIdentity } from "../identity/ModelIdentity.ts";
import { bounds } from "../outside/bounds.ts";
import { checkShape } from "../outside/checkShape.ts";
import { list, longText, name, number, object, record, someName, whole } from "../outside/kinds.ts";

/** What a run does. */
export type RunKind = "trace" | "edit" | "score" | "table" | "study" | "text";

/** An edit that was on while something ran. */
export interface RunEdit {
  /** What the stack calls it by, in the browser where it ran. */
  id: string;
  /** Its method, and what it writes: the first fact where there are several. */
  title: string;
  /** Of its changes (deltaDigest): the same in every browser and file. */
  digest: string;
  /** What its ΔW is multiplied by; 1 is the whole edit. */
  strength: number;
}

/** The fact that a run is about; what it does not need is absent. */
export interface RunFact {
  /** With one `{}` for the subject. */
  prompt: string;
  subject: string;
  /** Whose probability a trace follows; absent for the model's own answer. */
  answer?: string | undefined;
  /** The new answer. */
  target?: string | undefined;
  truth?: string | undefined;
  /** Whether the true answer was typed or comes with the fact, or is what the model says by itself. */
  truthOf?: "fact" | "model" | undefined;
  paraphrases?: string[] | undefined;
  neighbours?: string[] | undefined;
}

/** σ, the unit of the noise (METHODS 2.4), and what it was measured over. */
export interface RunSigma {
  value: number;
  /** The set's name: "the 499 facts of the built-in model". */
  set: string;
  /** How many subjects are in it; absent where σ was given as a number. */
  subjects?: number | undefined;
}

/**
 * What a run is of, frozen when it begins: what changes on the page afterwards is not in it. It goes with every result, to
 * the figure, the table, the file and the link. Plain JSON.
 */
export interface RunContext {
  kind: RunKind;
  model: ModelIdentity;
  /** The edits that are on, in their order. */
  edits: RunEdit[];
  /** Absent for what is about many facts, or none. */
  fact?: RunFact | undefined;
  /** What the run's fields say, by their names, as JSON. */
  settings: Record<string, unknown>;
  seed: number;
  /** Absent where nothing is measured in units of σ. */
  sigma?: RunSigma | undefined;
  /** What computed it: "webgpu", "wasm" or "cpu". */
  provider?: string | undefined;
  /** Of Palimpsest. */
  version: string;
  /** When it began, in ISO 8601. */
  begun: string;
}

const texts = list(longText, bounds.facts);
const fact = object({
  prompt: longText,
  subject: longText,
  answer: v.optional(longText),
  target: v.optional(longText),
  truth: v.optional(longText),
  truthOf: v.optional(v.picklist(["fact", "model"], "fact or model")),
  paraphrases: v.optional(texts),
  neighbours: v.optional(texts),
});
const kinds = ["trace", "edit", "score", "table", "study", "text"] as const;

/** The shape of a {@link RunContext} as a file has it. */
export const runContext = object({
  kind: v.picklist(kinds, kinds.join(", ")),
  model: object({
    stamp,
    precision: someName,
    id: name,
    revision: name,
    address: v.optional(name),
    convertedFrom: v.optional(stamp),
  }),
  edits: list(object({ id: name, title: name, digest: stamp, strength: number }), bounds.edits),
  fact: v.optional(fact),
  settings: record,
  seed: whole(0),
  sigma: v.optional(object({ value: number, set: name, subjects: v.optional(whole(1)) })),
  provider: v.optional(name),
  version: someName,
  begun: v.pipe(name, v.isoTimestamp("a time as 2026-11-21T10:00:00.000Z")),
});

/**
 * A run's context as a file, a store or a link has it.
 *
 * @param what names the file in messages
 * @throws one sentence that names the entry: missing, or of another kind
 */
export const checkRunContext = (value: unknown, what: string): RunContext =>
  checkShape(value, runContext, what);
