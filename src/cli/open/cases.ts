import { type Case, parseCases, parseSomeCases, type SomeCases } from "../../data/facts/facts.ts";
import { withOtherFacts } from "../../data/facts/otherFacts.ts";
import { readCaseJson } from "./files.ts";

/** Reads a file of cases in any known form, each with what the others state of its subject; see {@link parseCases}. */
export const readCases = async (path: string): Promise<Case[]> =>
  withOtherFacts(parseCases(await readCaseJson(path), { what: path }));

/** Reads those of its cases that can be read; see {@link parseSomeCases}. */
export async function readSomeCases(path: string): Promise<SomeCases> {
  const { cases, refused } = parseSomeCases(await readCaseJson(path), { what: path });
  return { cases: withOtherFacts(cases), refused };
}
