import type { TableMeasures } from "../../../../workers/protocol/protocol.ts";
import { scoreKey, truthKey } from "../../../data/tables/rowFact.ts";
import type { RowMark } from "../../../data/tables/rowMarks.ts";
import type { TableRow } from "../../../data/tables/TableRow.ts";
import { hasMaterial } from "../factLines.ts";

/** How many rows each filter by what the model said, or by what scores a row, would show. */
export function countAnswers(rows: readonly TableRow[], { known, scores }: TableMeasures) {
  const counts = { known: 0, unknown: 0, unasked: 0, missed: 0, scored: 0, bare: 0 };
  for (const row of rows) {
    const answer = known[truthKey(row)];
    counts[answer ? (answer.greedy ? "known" : "unknown") : "unasked"]++;
    if (scores?.rows[scoreKey(row)]?.after?.greedy === false) counts.missed++;
    counts[hasMaterial(row) ? "scored" : "bare"]++;
  }
  return counts;
}

/** How many rows say what another says, and contradict another. */
export function countMarks(marks: ReadonlyMap<number, RowMark>) {
  const counts = { duplicates: 0, conflicts: 0 };
  for (const { duplicate, conflict } of marks.values()) {
    if (duplicate !== undefined) counts.duplicates++;
    if (conflict !== undefined) counts.conflicts++;
  }
  return counts;
}
