import { type Case, parseCases } from "../../data/facts/facts.ts";
import { withOtherFacts } from "../../data/facts/otherFacts.ts";
import { readCaseJson } from "./files.ts";

/** Reads a file of cases in any known form, each with what the others state of its subject; see {@link parseCases}. */
export const readCases = async (path: string): Promise<Case[]> =>
  withOtherFacts(parseCases(await readCaseJson(path), { what: path }));
