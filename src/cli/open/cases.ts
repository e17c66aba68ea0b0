import { type Case, parseCases, parseSomeCases, type SomeCases } from "../../data/facts/facts.ts";
import { readJson } from "./files.ts";

/** Reads a file of cases in any known form; see {@link parseCases}. */
export const readCases = (path: string): Promise<Case[]> => read(path, parseCases);

/** Reads those of its cases that can be read; see {@link parseSomeCases}. */
export const readSomeCases = (path: string): Promise<SomeCases> => read(path, parseSomeCases);

async function read<T>(path: string, parse: (json: unknown) => T): Promise<T> {
  const json = await readJson(path);
  try {
    return parse(json);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
}
