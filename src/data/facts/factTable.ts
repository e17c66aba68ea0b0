import { shown } from "../outside/shown.ts";
import { readTable } from "../tables/readTable.ts";
import { rowFact } from "../tables/rowFact.ts";
import { rowProblems } from "../tables/rowProblems.ts";
import type { TableFact } from "../tables/TableFact.ts";

export type { TableFact };

/**
 * Reads a table of facts in any form of readTable, of which every row must be one that can be written.
 *
 * @param what names the table in messages
 * @throws a sentence that names the first bad row or record and what it lacks
 */
export function parseFactTable(text: string, what = "the table of facts"): TableFact[] {
  const { rows, counted } = readTable(text, what);
  return rows.map((row) => {
    const [problem] = rowProblems(row);
    if (!problem) return rowFact(row);
    throw new Error(`${shown(what)}, ${counted} ${row.source}: ${problem.text}`);
  });
}
