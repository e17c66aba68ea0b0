import { bounds } from "../outside/bounds.ts";
import { parseJson } from "../outside/readJson.ts";
import { shown } from "../outside/shown.ts";
import { type ColumnName, namedColumns } from "./columns.ts";
import { type Delimiter, delimiterOf, parseDelimited } from "./delimited.ts";
import { readRecord } from "./readRecord.ts";
import { rowFields, type TableRow } from "./TableRow.ts";

/** A table as it was read: rows with mistakes are among the rows. */
export interface ReadTable {
  rows: TableRow[];
  /** What a reader of the table calls the place that a row came from. */
  counted: "row" | "record";
  /** What was taken for granted, a sentence each. */
  notices: string[];
}

/**
 * Reads a table of facts in any form that people have them in: cells divided by tabs, semicolons or commas, with or without
 * a first row of names; JSON, a list of {prompt, subject, target, truth}, or of cases in any form of parseCases; or a JSON
 * record on each line. Empty rows are left out. A row or record with mistakes is a row all the same.
 *
 * @param what names the table in messages
 * @throws one sentence where there is nothing to make rows of: it is empty, too large, no JSON, or has too few columns
 */
export function readTable(text: string, what = "the table of facts"): ReadTable {
  if (text.length > bounds.cases) {
    throw new Error(
      `${shown(what)} is too large: ${text.length} characters (at most ${bounds.cases})`,
    );
  }
  const content = text.replace(/^\uFEFF/, "");
  if (content.trim() === "") throw new Error(`${shown(what)} is empty; give at least one fact`);
  return /^\s*[[{](?!\})/.test(content) ? fromJson(content, what) : fromCells(content, what);
}

function fromJson(text: string, what: string): ReadTable {
  const json = isLines(text) ? jsonLines(text, what) : whole(text, what);
  const inside = (json as { facts?: unknown } | null)?.facts;
  const found = Array.isArray(inside) ? inside : json;
  const list: unknown[] = Array.isArray(found) ? found : [found];
  if (list.length === 0) throw new Error(`${shown(what)}: the list holds no facts`);
  checkCount(list.length, what);
  return { rows: list.map((record, i) => readRecord(record, i)), counted: "record", notices: [] };
}

const limits = { bytes: bounds.cases, values: bounds.caseValues };

const whole = (text: string, what: string) => parseJson(text.trim(), what, limits);

/** Whether each of the first lines is an object of its own. */
function isLines(text: string): boolean {
  const lines = text.trim().split("\n", 3);
  return lines.length > 1 && lines.slice(0, 2).every((line) => /^\s*\{.*\}\s*$/.test(line));
}

/** A line that is no JSON is a record that is no object. */
function jsonLines(text: string, what: string): unknown[] {
  const lines = text.trim().split("\n");
  checkCount(lines.length, what);
  return lines.flatMap((line) => {
    if (line.trim() === "") return [];
    try {
      return [parseJson(line, what, limits)];
    } catch {
      return [line];
    }
  });
}

function checkCount(count: number, what: string): void {
  if (count <= bounds.facts) return;
  throw new Error(
    `${shown(what)} holds ${count} facts (at most ${bounds.facts}); give a part of it`,
  );
}

const dividers: Record<Delimiter, string> = { ",": "commas", ";": "semicolons", "\t": "tabs" };

function fromCells(text: string, what: string): ReadTable {
  const delimiter = delimiterOf(text);
  const records = parseDelimited(text, delimiter);
  checkCount(records.length, what);
  const isFilled = (cells: string[]) => cells.some((cell) => cell.trim() !== "");
  const header = records.findIndex(isFilled);
  const first = records[header];
  const named = namedColumns(first, what);
  if (!named && first.length < 3) {
    throw new Error(
      `${shown(what)}: the first row names no column prompt, subject, target (it has ${shown(first.join(", "))})`,
    );
  }
  const columns = named ?? new Map<ColumnName, number>(rowFields.map((field, i) => [field, i]));
  const rows = records.flatMap((cells, i): TableRow[] => {
    if (!isFilled(cells) || (named && i <= header)) return [];
    const cell = (name: ColumnName) => cellText(cells[columns.get(name) ?? -1]);
    return [rowOf(cell, i)];
  });
  if (rows.length === 0) throw new Error(`${shown(what)}: the table has no row below its first`);
  const notices = named
    ? []
    : [
        `the first row names no columns, so those between the ${dividers[delimiter]} are taken as prompt, subject, target and true answer`,
      ];
  return { rows, counted: "row", notices };
}

/** An apostrophe in front of what a spreadsheet would take for a formula is the spreadsheet's, see csvText. */
const cellText = (cell: string | undefined): string =>
  (cell ?? "").trim().replace(/^'(?=[=+\-@])/, "");

function rowOf(cell: (name: ColumnName) => string, at: number): TableRow {
  const several = (name: ColumnName) => {
    const lines = cell(name).split(/\r?\n|\r/);
    const texts = lines.map((line) => line.trim()).filter(Boolean);
    return texts.length > 0 ? texts : undefined;
  };
  return {
    id: at,
    source: at + 1,
    prompt: cell("prompt"),
    subject: cell("subject"),
    target: cell("target"),
    truth: cell("truth"),
    relation: cell("relation") || undefined,
    paraphrases: several("paraphrases"),
    neighbours: several("neighbours"),
    caseId: cell("id") || undefined,
  };
}
