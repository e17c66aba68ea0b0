import { type Case, parseSomeCases } from "../data/facts/facts.ts";
import { withOtherFacts } from "../data/facts/otherFacts.ts";
import type { FilterCount } from "./Selection.ts";

/** The cases of a study's file, and what was left out of it. */
export interface StudyCases {
  /** Each with what the others state of its subject. */
  cases: Case[];
  /** A sentence for every record that could not be read. */
  refused: string[];
  /** How many could be, where not all could. */
  filters: FilterCount[];
}

/**
 * Reads a study's cases, in page and terminal alike: in any known form, without the records that lack something (METHODS
 * 12.1).
 *
 * @param json the file's content
 * @throws one sentence that names the file, where no record can be read
 */
export function studyCases(json: unknown, what: string): StudyCases {
  const { cases, refused } = parseSomeCases(json, { what });
  const complete = { name: "complete", in: cases.length + refused.length, out: cases.length };
  return { cases: withOtherFacts(cases), refused, filters: refused.length > 0 ? [complete] : [] };
}
