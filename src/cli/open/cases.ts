import { type Case, parseCases } from "../../data/facts/facts.ts";
import { readJson } from "./files.ts";

/** Reads a file of cases in any known form; see {@link parseCases}. */
export async function readCases(path: string): Promise<Case[]> {
  const json = await readJson(path);
  try {
    return parseCases(json);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
}
