import { remembered } from "./remembered.ts";
import { factKey, truthKey } from "./rowFact.ts";
import { sentences } from "./rowMarks.ts";
import { type RowProblem, rowProblems } from "./rowProblems.ts";
import type { TableRow } from "./TableRow.ts";

/** No row. */
export const noRows: ReadonlySet<number> = new Set();

/** Rows by their ids. */
export const byId = <R extends { id: number }>(rows: readonly R[]): ReadonlyMap<number, R> =>
  new Map(rows.map((row) => [row.id, row]));

/** The chosen rows with some more, or without some of them. */
export function chosenWith(
  chosen: ReadonlySet<number>,
  ids: readonly number[],
  on: boolean,
): ReadonlySet<number> {
  const next = new Set(chosen);
  for (const id of ids)
    if (on) next.add(id);
    else next.delete(id);
  return next;
}

const problems = remembered(rowProblems);

/** What is wrong with rows, by id, for those with a mistake. */
export const problemsOf = (rows: readonly TableRow[]): ReadonlyMap<number, RowProblem[]> =>
  new Map(rows.map((row) => [row.id, problems(row)] as const).filter(([, all]) => all.length));

/** Finds out of rows what a table wants of all its rows: some thousand at once would stop the page. */
export function lookAhead(rows: readonly TableRow[]): void {
  for (const row of rows) {
    problems(row);
    sentences(row);
    truthKey(row);
    factKey(row);
  }
}

type FactText = Parameters<typeof factKey>[0];

/** The facts that edits have written, as rows are compared with them. */
export const writtenFacts = (edits: readonly { facts: readonly FactText[] }[]) =>
  new Set(edits.flatMap(({ facts }) => facts.map(factKey))) as ReadonlySet<string>;

/** Which rows say what was written. */
export const writtenRows = (
  rows: readonly TableRow[],
  written: ReadonlySet<string>,
): ReadonlySet<number> =>
  new Set(rows.filter((row) => written.has(factKey(row))).map(({ id }) => id));

/** What the store has to put and to drop for one list of rows to become another. */
export function rowChanges(before: readonly TableRow[], after: readonly TableRow[]) {
  const [had, has] = [new Set(before), new Set(after.map(({ id }) => id))];
  return {
    put: after.filter((row) => !had.has(row)),
    drop: before.filter(({ id }) => !has.has(id)).map(({ id }) => id),
  };
}
