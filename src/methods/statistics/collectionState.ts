import * as v from "valibot";
import type { ModelIdentity } from "../../data/identity/ModelIdentity.ts";
import { bounds } from "../../data/outside/bounds.ts";
import { checkShape } from "../../data/outside/checkShape.ts";
import { flag, longText, name, object, text, whole } from "../../data/outside/kinds.ts";

/** What a collection's totals are committed with: what it is, and the next batch to read. */
export interface CollectionState {
  about: CollectionMark;
  dMlp: number;
  source: string;
  sampleSize?: number;
  /** Absent in what was begun before models were known by their contents. */
  model?: ModelIdentity;
  /** The group's first text, and the batch within the group. */
  group: number;
  batch: number;
  count: number;
  done: boolean;
}

/** What two runs must share for one to go on where the other stopped. */
export interface CollectionMark {
  model: string;
  layers: string;
  texts: string;
  settings: string;
}

const state = object({
  about: object({
    model: longText,
    layers: v.pipe(text, v.regex(/^\d{1,4}(,\d{1,4})*$/, "layers with commas between them")),
    texts: longText,
    settings: longText,
  }),
  dMlp: whole(1, bounds.dimension),
  source: longText,
  sampleSize: v.optional(whole()),
  model: v.optional(object({ stamp: name, precision: name, id: name, revision: name })),
  group: whole(),
  batch: whole(),
  count: whole(),
  done: flag,
});

/**
 * What a folder or a browser kept of a collection, checked anew; undefined where there is none.
 *
 * @throws one sentence with the field that is missing or of another kind
 */
export function stateIn(kept: unknown): CollectionState | undefined {
  if (kept === undefined) return undefined;
  return checkShape(kept, state, "the collection that was kept") as CollectionState;
}
