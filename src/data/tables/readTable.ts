import { bounds } from "../outside/bounds.ts";
import { parseJson } from "../outside/readJson.ts";
import { shown } from "../outside/shown.ts";
import { type ColumnName, type Columns, namedColumns } from "./columns.ts";
import { type Delimiter, delimitedRecords, delimiterOf } from "./delimited.ts";
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

/** A table whose rows are made as they are asked for, so that who reads a large one can do other things in between. */
export interface BegunTable extends Omit<ReadTable, "rows"> {
  rows: Iterable<TableRow>;
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
  const begun = beginTable(text, what);
  const rows = [...begun.rows];
  if (rows.length === 0) throw noRow(what);
  return { ...begun, rows };
}

/** The sentence where a table is a first row and nothing else. */
export const noRow = (what: string): Error =>
  new Error(`${shown(what)}: the table has no row below its first`);

/**
 * {@link readTable}, row by row.
 *
 * @throws as {@link readTable}, of too many facts while rows are made; none at all are for the caller to refuse
 */
export function beginTable(text: string, what: string): BegunTable {
  if (text.length > bounds.cases) {
    throw new Error(
      `${shown(what)} is too large: ${text.length} characters (at most ${bounds.cases})`,
    );
  }
  const content = text.replace(/^\uFEFF/, "");
  if (content.trim() === "") throw new Error(`${shown(what)} is empty; give at least one fact`);
  return /^\s*[[{](?!\})/.test(content) ? fromJson(content, what) : fromCells(content, what);
}

function fromJson(text: string, what: string): BegunTable {
  const json = isLines(text) ? jsonLines(text, what) : whole(text, what);
  const inside = (json as { facts?: unknown } | null)?.facts;
  const found = Array.isArray(inside) ? inside : json;
  const list: unknown[] = Array.isArray(found) ? found : [found];
  if (list.length === 0) throw new Error(`${shown(what)}: the list holds no facts`);
  checkCount(list.length, what);
  return { rows: recordRows(list), counted: "record", notices: [] };
}

function* recordRows(list: readonly unknown[]): Generator<TableRow> {
  for (const [i, record] of list.entries()) yield readRecord(record, i);
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

const isFilled = (cells: readonly string[]) => cells.some((cell) => cell.trim() !== "");

function fromCells(text: string, what: string): BegunTable {
  const delimiter = delimiterOf(text);
  let first: string[] = [];
  for (const cells of delimitedRecords(text, delimiter)) if (isFilled((first = cells))) break;
  const named = namedColumns(first, what);
  if (!named && first.length < 3) {
    throw new Error(
      `${shown(what)}: the first row names no column prompt, subject, target (it has ${shown(first.join(", "))})`,
    );
  }
  const columns = named ?? new Map<ColumnName, number[]>(rowFields.map((field, i) => [field, [i]]));
  const rows = cellRows(delimitedRecords(text, delimiter), { columns, isNamed: !!named, what });
  const notices = named
    ? []
    : [
        `the first row names no columns, so those between the ${dividers[delimiter]} are taken as prompt, subject, target and true answer`,
      ];
  return { rows, counted: "row", notices };
}

function* cellRows(
  records: Iterable<string[]>,
  { columns, isNamed, what }: { columns: Columns; isNamed: boolean; what: string },
): Generator<TableRow> {
  let at = -1;
  let isHeader = isNamed;
  for (const cells of records) {
    checkCount(++at, what);
    if (!isFilled(cells)) continue;
    if (!isHeader) {
      const all = (name: ColumnName) => (columns.get(name) ?? []).map((i) => cellText(cells[i]));
      yield rowOf(all, at);
    }
    isHeader = false;
  }
}

/** An apostrophe in front of what a spreadsheet would take for a formula is the spreadsheet's, see csvText. */
const cellText = (cell: string | undefined): string =>
  (cell ?? "").trim().replace(/^'(?=[=+\-@])/, "");

function rowOf(all: (name: ColumnName) => string[], at: number): TableRow {
  const cell = (name: ColumnName) => all(name)[0] ?? "";
  const several = (name: ColumnName) => {
    const found = all(name).flatMap(textsIn);
    return found.length > 0 ? found : undefined;
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

/** The texts of one cell: a line each, or a JSON list of them. */
function textsIn(cell: string): string[] {
  const list = /^\[[^]*\]$/.test(cell) ? listIn(cell) : undefined;
  return (list ?? cell.split(/\r?\n|\r/)).map((text) => text.trim()).filter(Boolean);
}

function listIn(cell: string): string[] | undefined {
  try {
    const found = parseJson(cell, "a cell", limits);
    return Array.isArray(found) && found.every((one) => typeof one === "string")
      ? found
      : undefined;
  } catch {
    return undefined;
  }
}
