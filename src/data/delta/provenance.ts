import * as v from "valibot";
import type { StatedIdentity } from "../identity/ModelIdentity.ts";
import { bounds } from "../outside/bounds.ts";
import { checkShape } from "../outside/checkShape.ts";
import { list, longText, name, number, object, record, text } from "../outside/kinds.ts";

/** A fact that was written; the prompt has one `{}`. */
export interface WrittenFact {
  prompt: string;
  subject: string;
  target: string;
  /** What was overwritten, where that is known. */
  truth?: string | undefined;
}

/** Where a delta came from: enough to repeat it. */
export interface Provenance {
  format: "palimpsest.delta";
  /** Of this record; the file around it has a version of its own. */
  version: 1;
  /** Model id and revision the edit was made on. */
  model: string;
  revision: string;
  /** What the model's contents are known by, and how its matrices were kept; absent in what other programs made. */
  stamp?: string;
  precision?: string;
  /** The editor's name, or what another program calls itself. */
  method: string;
  created?: string;
  /** Name and version of the program that wrote it. */
  app: string;
  seed: number;
  hyperparameters: Record<string, unknown>;
  request?: WrittenFact;
  /** Instead, where there are several. */
  requests?: WrittenFact[];
  /** Digests of the edits that were on when it was made, in their order. */
  on?: string[];
  /** Those edits, and the ones that they were made on: each after those it stands on. */
  beneath?: EditBeneath[];
  /** What its ΔW was multiplied by since it was made, and the digest of the edit as it was made; absent where it is that. */
  strength?: number;
  whole?: string;
  /** Digests of the edits whose sum this is, which are among those beneath. */
  sum?: string[];
  [key: string]: unknown;
}

/** An edit that another was made on. */
export interface EditBeneath {
  digest: string;
  /** Digests of the edits that were on when it was made. */
  on: string[];
  /** Without its own `on` and `beneath`. */
  provenance: Provenance;
}

/** The model that a delta was made with. */
export const madeWith = ({ model, revision, stamp, precision }: Provenance): StatedIdentity => ({
  id: model,
  revision,
  stamp,
  precision,
});

/** The facts that a delta was made for: many, one, or none that it tells of. */
export function requestsOf({ provenance }: { provenance: Provenance }): WrittenFact[] {
  const { request, requests } = provenance;
  return request ? [request] : (requests ?? []);
}

/** What a model's contents are known by. */
export const stamp = v.pipe(text, v.regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits"));

/** A written fact as a file has it. */
const writtenFact = object({
  prompt: longText,
  subject: longText,
  target: longText,
  truth: v.optional(longText),
});

const entries = {
  format: v.optional(v.literal("palimpsest.delta", "palimpsest.delta")),
  version: v.optional(v.literal(1, "1; update Palimpsest")),
  model: name,
  revision: name,
  stamp: v.optional(stamp),
  precision: v.optional(name),
  method: name,
  created: v.optional(name),
  app: name,
  seed: number,
  hyperparameters: record,
  request: v.optional(writtenFact),
  requests: v.optional(list(writtenFact, bounds.facts)),
  strength: v.optional(number),
  whole: v.optional(stamp),
};
const digests = list(stamp, bounds.edits);
const provenance = object({
  ...entries,
  sum: v.optional(digests),
  on: v.optional(digests),
  beneath: v.optional(
    list(object({ digest: stamp, on: digests, provenance: object(entries) }), bounds.edits),
  ),
});

/**
 * A provenance as a file has it: what is kept and drawn later is checked here once.
 *
 * @param what names the file in messages
 * @throws one sentence that names the entry: missing, or of another kind
 */
export const checkProvenance = (value: unknown, what: string): Provenance =>
  checkShape(value, provenance, `the provenance in ${what}`) as Provenance;
