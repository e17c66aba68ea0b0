import * as v from "valibot";
import { asShape } from "../../src/data/outside/checkShape.ts";
import { flag, list, name, number, object } from "../../src/data/outside/kinds.ts";
import type { TableMeasures } from "../protocol/tableProtocol.ts";

const answer = object({ probability: v.union([number, v.nan()], "a number"), greedy: flag });
const score = object({
  probability: v.union([number, v.nan()], "a number"),
  greedy: flag,
  measures: v.optional(v.record(v.string("a text"), v.number("a number"))),
});
const measures = object({
  known: v.record(v.string("a text"), answer),
  scores: v.optional(
    object({
      at: name,
      edits: list(name),
      rows: v.record(v.string("a text"), object({ before: score, after: v.optional(score) })),
    }),
  ),
});

/** What a browser kept of a table's measures; nothing where it is damaged: it can be measured again. */
export const checkMeasures = (kept: unknown): TableMeasures =>
  (asShape(kept, measures) as TableMeasures | undefined) ?? { known: {} };
