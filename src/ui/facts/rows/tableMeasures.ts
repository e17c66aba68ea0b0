import type {
  RowScore,
  ScoredPart,
  ScoredRows,
  TableMeasures,
  TellScores,
} from "../../../../workers/protocol/protocol.ts";
import { scoreKey, truthKey } from "../../../data/tables/rowFact.ts";
import type { MeasuredRow } from "../../../data/tables/tableFile.ts";
import type { TableRow } from "../../../data/tables/TableRow.ts";

type Part = NonNullable<Parameters<TellScores>[2]>;

/** The scores of some rows, from the one on that a part begins with, as they are kept. */
export function scoredRows(
  rows: readonly TableRow[],
  { at, before, after }: Part,
): ScoredRows["rows"] {
  return before.answers.map((_, i) => {
    const row = rows[at + i];
    const score = { before: rowScore(before, i), after: after && rowScore(after, i) };
    return { row: row.id, key: scoreKey(row), score };
  });
}

/** What is known of a table with some more scores; those that were taken with other edits on go. */
export function withScores(measures: TableMeasures, { at, edits, rows }: ScoredRows) {
  const { scores } = measures;
  const earlier = scores?.edits.join() === edits.join() ? scores.rows : {};
  const found = Object.fromEntries(rows.map(({ key, score }) => [key, score]));
  return { ...measures, scores: { at, edits, rows: { ...earlier, ...found } } };
}

/** Rows with all that is known of them, for a file. */
export function measuredRows(
  rows: readonly TableRow[],
  { known, scores }: TableMeasures,
): MeasuredRow[] {
  return rows.map((row) => {
    const answer = known[truthKey(row)];
    const score = scores?.rows[scoreKey(row)];
    return {
      row,
      measures: {
        known: answer?.greedy,
        "p(truth)": answer?.probability,
        ...columns("before", score?.before),
        ...columns("after", score?.after),
      },
    };
  });
}

/** What one row is scored; measures that it has no prompts for are left out. */
function rowScore({ answers, measures }: ScoredPart, i: number): RowScore {
  const known = Object.entries(measures[i] ?? {}).filter(([, value]) => Number.isFinite(value));
  return { ...answers[i], measures: known.length ? Object.fromEntries(known) : undefined };
}

function columns(when: string, score: RowScore | undefined) {
  if (!score) return {};
  const { probability, greedy, measures = {} } = score;
  const named = Object.entries(measures).map(([name, value]) => [`${name} ${when}`, value]);
  return {
    [`p(target) ${when}`]: probability,
    [`says the target ${when}`]: greedy,
    ...(Object.fromEntries(named) as Record<string, number>),
  };
}
