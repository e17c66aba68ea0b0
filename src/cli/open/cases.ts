import { type Case, parseCases, parseSomeCases, type SomeCases } from "../../data/facts/facts.ts";
import { readCaseJson } from "./files.ts";

/** Reads a file of cases in any known form; see {@link parseCases}. */
export const readCases = async (path: string): Promise<Case[]> =>
  parseCases(await readCaseJson(path), { what: path });

/** Reads those of its cases that can be read; see {@link parseSomeCases}. */
export const readSomeCases = async (path: string): Promise<SomeCases> =>
  parseSomeCases(await readCaseJson(path), { what: path });
