import * as v from "valibot";
import { bounds } from "../outside/bounds.ts";
import { list, longText, name, number, object, whole } from "../outside/kinds.ts";

/** One row of a table of facts, as it was typed: what is wrong with it is found by {@link rowProblems}. */
export interface TableRow {
  /** Tells the rows of a table apart, and stays when a row is repaired. */
  id: number;
  /** Where it came from: a row as a spreadsheet counts, or a record, both from 1. Absent where it was added by hand. */
  source?: number | undefined;
  /** With one `{}` for the subject, or with the subject in it. */
  prompt: string;
  subject: string;
  /** The answer to write. */
  target: string;
  /** The true answer; empty where the table gives none. */
  truth: string;
  relation?: string | undefined;
  /** Complete prompts that ask for the same fact. */
  paraphrases?: string[] | undefined;
  /** Complete prompts about other subjects with the same true answer. */
  neighbours?: string[] | undefined;
  generationPrompts?: string[] | undefined;
  otherFacts?: { prompt: string; target: string }[] | undefined;
  /** What its dataset calls it. */
  caseId?: string | number | undefined;
  /** Why its record could not be read as it stands, until the row is changed. */
  refused?: string | undefined;
}

/** The cells of a row that can be typed in. */
export type RowField = "prompt" | "subject" | "target" | "truth";

/** In the order in which a table without names has them. */
export const rowFields: readonly RowField[] = ["prompt", "subject", "target", "truth"];

const texts = v.optional(list(longText, bounds.facts));

/** A row as a browser keeps it. */
export const keptRow = object({
  id: whole(),
  source: v.optional(whole(1)),
  prompt: v.string("a text"),
  subject: v.string("a text"),
  target: v.string("a text"),
  truth: v.string("a text"),
  relation: v.optional(v.string("a text")),
  paraphrases: texts,
  neighbours: texts,
  generationPrompts: texts,
  otherFacts: v.optional(list(object({ prompt: longText, target: longText }), bounds.facts)),
  caseId: v.optional(v.union([name, number], "a text or a number")),
  refused: v.optional(longText),
});
