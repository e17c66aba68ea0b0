import { csvParseRows } from "d3-dsv";
import { bounds } from "../outside/bounds.ts";
import { parseJson } from "../outside/readJson.ts";
import { shown } from "../outside/shown.ts";
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
  if (text.length > bounds.cases) {
    throw new Error(
      `${shown(what)} is too large: ${text.length} characters (at most ${bounds.cases})`,
    );
  }
  const trimmed = text.replace(/^\uFEFF/, "").trim();
  if (trimmed === "") throw new Error(`${shown(what)} is empty; give at least one fact`);
  if (!/^[[{]/.test(trimmed)) return fromCsv(trimmed, what);
  const limits = { bytes: bounds.cases, values: bounds.caseValues };
  return fromJson(parseJson(trimmed, what, limits), what);
}

function fromJson(json: unknown, what: string): TableFact[] {
  const list: unknown[] = Array.isArray(json) ? json : [json];
  if (list.length === 0) throw new Error(`${shown(what)}: the list holds no facts`);
  checkCount(list.length, what);
  if (list.every(isPlain)) {
    return list.map((record, i) =>
      plainFact((name) => record[name], `${shown(what)}: fact ${i + 1}`),
    );
  }
  return parseCases(json, { what }).map((found) => {
    const { prompt, subject, targetNew } = found;
    return { prompt, subject, target: targetNew, case: found };
  });
}

const isPlain = (record: unknown): record is Record<string, unknown> =>
  typeof record === "object" &&
  record !== null &&
  Object.hasOwn(record, "target") &&
  !Object.hasOwn(record, "newTargets");

function checkCount(count: number, what: string): void {
  if (count <= bounds.facts) return;
  throw new Error(
    `${shown(what)} holds ${count} facts (at most ${bounds.facts}); give a part of it`,
  );
}

// csvParse would compile a function of the first line, which a page under a strict policy may not.
function fromCsv(text: string, what: string): TableFact[] {
  const [first, ...rows] = csvParseRows(text);
  const names = first.map((name) => name.trim().toLowerCase());
  const missing = COLUMNS.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    const there = shown(first.join(", "));
    throw new Error(
      `${shown(what)}: the first line names no column ${missing.join(", ")} (it has ${there})`,
    );
  }
  const twice = COLUMNS.find((name) => names.indexOf(name) !== names.lastIndexOf(name));
  if (twice) throw new Error(`${shown(what)}: the first line names the column ${twice} twice`);
  if (rows.length === 0) throw new Error(`${shown(what)}: the table has no line below its first`);
  checkCount(rows.length, what);
  return rows.map((row, i) =>
    plainFact((name) => row[names.indexOf(name)], `${shown(what)}: line ${i + 2}`),
  );
}

function plainFact(cell: (name: string) => unknown, where: string): TableFact {
  const [prompt, subject, target] = COLUMNS.map((name) => {
    const value = cell(name);
    if (typeof value !== "string" || value.trim() === "") {
      throw new Error(`${where} has no text in "${name}"`);
    }
    if (value.length > bounds.text) {
      throw new Error(
        `${where} has ${value.length} characters in "${name}" (at most ${bounds.text})`,
      );
    }
    return value.trim();
  });
  return { prompt, subject, target };
}
