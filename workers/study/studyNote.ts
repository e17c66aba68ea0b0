import type { StudyPlan } from "../../src/studies/plan/Work.ts";
import * as v from "valibot";
import { asShape } from "../../src/data/outside/checkShape.ts";
import { list, name, number, object, whole } from "../../src/data/outside/kinds.ts";
import { bounds } from "../../src/data/outside/bounds.ts";

/** What the page notes of a study beside its rows; all of it can be done without. */
export interface StudyNote {
  /** What all of it takes, by a sample. */
  plan?: StudyPlan | undefined;
  /** What its rows took so far. */
  seconds?: number | undefined;
  /** Whether nothing is left to do. */
  done?: boolean | undefined;
}

const part = object({ what: name, count: whole(), each: number, seconds: number });
const note = object({
  plan: v.optional(object({ parts: list(part, bounds.layers), seconds: number })),
  seconds: v.optional(number),
  done: v.optional(v.boolean("true or false")),
});

/** A note as it was kept; nothing of one that is damaged. */
export const readNote = (kept: unknown): StudyNote => asShape(kept, note) ?? {};
