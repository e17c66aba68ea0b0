import { csvParse } from "d3-dsv";
import { type Case, parseCases } from "./facts.ts";

/** A fact to write, and, where its form has them, the prompts that score it. */
export interface TableFact {
  /** With one `{}` for the subject, or with the subject in it. */
  prompt: string;
  subject: string;
  target: string;
  case?: Case;
}

const COLUMNS = ["prompt", "subject", "target"] as const;

/**
 * Reads a table of facts: JSON, a list of {prompt, subject, target} or of cases in any form of {@link parseCases}; or CSV
 * whose first line names the columns prompt, subject and target.
 *
 * @param what names the table in messages
 * @throws a sentence that names the first bad line or record and what it lacks
 */
export function parseFactTable(text: string, what = "the table of facts"): TableFact[] {
  const trimmed = text.replace(/^\uFEFF/, "").trim();
  if (trimmed === "") throw new Error(`${what} is empty; give at least one fact`);
  try {
    return /^[[{]/.test(trimmed) ? fromJson(JSON.parse(trimmed)) : fromCsv(trimmed);
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}

function fromJson(json: unknown): TableFact[] {
  const list: unknown[] = Array.isArray(json) ? json : [json];
  if (list.length === 0) throw new Error("the list holds no facts");
  if (list.every(isPlain)) return list.map((record, i) => plainFact(record, `fact ${i + 1}`));
  return parseCases(json).map((found) => {
    const { prompt, subject, targetNew } = found;
    return { prompt, subject, target: targetNew, case: found };
  });
}

const isPlain = (record: unknown): record is Record<string, unknown> =>
  typeof record === "object" && record !== null && "target" in record && !("newTargets" in record);

function fromCsv(text: string): TableFact[] {
  const rows = csvParse(text);
  const missing = COLUMNS.filter((name) => !rows.columns.some((column) => sameName(column, name)));
  if (missing.length > 0) {
    throw new Error(
      `the first line names no column ${missing.join(", ")} (it has ${rows.columns.join(", ")})`,
    );
  }
  if (rows.length === 0) throw new Error("the table has no line below its first");
  const named = rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name.trim().toLowerCase(), value]),
    ),
  );
  return named.map((row, i) => plainFact(row, `line ${i + 2}`));
}

const sameName = (column: string, name: string) => column.trim().toLowerCase() === name;

function plainFact(record: Record<string, unknown>, where: string): TableFact {
  const [prompt, subject, target] = COLUMNS.map((name) => {
    const value = record[name];
    if (typeof value !== "string" || value.trim() === "") {
      throw new Error(`${where} has no text in "${name}"`);
    }
    return value.trim();
  });
  return { prompt, subject, target };
}
