import * as v from "valibot";
import { bounds } from "../outside/bounds.ts";
import { longText, number, object } from "../outside/kinds.ts";
import { readJson } from "../outside/readJson.ts";
import { shown } from "../outside/shown.ts";

/**
 * One result of a study. Columns hold what JSON can say; a number that is not finite is written as null, and is read as
 * such ({@link numberIn}).
 */
export interface Row {
  /** What this is the result of, parts divided by "/": `17`, `layer=2 steps=20/17`. Once in a study. */
  key: string;
  /** What it took; all else is the same whenever the row is made. */
  cost?: RowCost | undefined;
  [column: string]: unknown;
}

/** Time and work since the row before. */
export interface RowCost {
  seconds?: number | undefined;
  blockTokens: number;
}

const row = object({
  key: longText,
  cost: v.optional(object({ seconds: v.optional(v.nullable(number)), blockTokens: number })),
});

/** A row as a line of NDJSON, its end included. */
export const rowLine = (row: Row): string => `${JSON.stringify(row)}\n`;

/** A row as it will be read: what JSON cannot say is gone. */
export const writtenRow = (row: Row): Row => JSON.parse(JSON.stringify(row)) as Row;

/** What {@link readRows} found. */
export interface RowsRead {
  rows: Row[];
  /** The last line has no end: a crash cut it short, and its row is to be made again. */
  torn: boolean;
}

/**
 * Reads NDJSON, one row a line. A last line without its end is left out, even where it is whole JSON.
 *
 * @param chunks the file's text in pieces
 * @param what names the file in messages
 * @throws `rows.ndjson, line 3 lacks "key"; delete the line, …` for any other line that is not a row
 */
export async function readRows(
  chunks: AsyncIterable<string> | Iterable<string>,
  what: string,
): Promise<RowsRead> {
  const rows: Row[] = [];
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    if (rest.length > bounds.json) {
      throw new Error(
        `${shown(what, 100)} has a line of more than ${bounds.json} characters; delete it, and its row is made again`,
      );
    }
    for (const line of lines) rows.push(parseRow(line, `${what}, line ${rows.length + 1}`));
  }
  return { rows, torn: rest !== "" };
}

function parseRow(line: string, where: string): Row {
  try {
    return readJson(line, row, where) as Row;
  } catch (cause) {
    throw new Error(`${(cause as Error).message}; delete the line, and its row is made again`, {
      cause,
    });
  }
}

/**
 * Rows of one study from one place or several, in the order of their keys, each key once. Of two rows of one key the
 * first counts: the same settings make the same row, to rounding.
 */
export function mergedRows(...parts: readonly (readonly Row[])[]): Row[] {
  const byKey = new Map<string, Row>();
  for (const row of parts.flat()) if (!byKey.has(row.key)) byKey.set(row.key, row);
  return [...byKey.values()].sort((a, b) => compareKeys(a.key, b.key));
}

/** Keys part by part, whole numbers as numbers: `2/10`, `10/2`, `10/2/x`, `layer=0`. */
export function compareKeys(a: string, b: string): number {
  const [left, right] = [a.split("/"), b.split("/")];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = compareParts(left[i], right[i]);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function compareParts(a: string, b: string): number {
  const [left, right] = [partNumber(a), partNumber(b)];
  if (left !== right) return left - right;
  return a < b ? -1 : Number(a > b);
}

/** Words come after all numbers. */
const partNumber = (part: string): number => (/^\d+$/.test(part) ? Number(part) : Infinity);

/** The number in a column; NaN where it is null or absent. */
export function numberIn(row: Record<string, unknown>, column: string): number {
  const value = row[column];
  return typeof value === "number" ? value : NaN;
}
