import { remembered } from "./remembered.ts";
import { sentenceOf } from "./rowProblems.ts";
import type { TableRow } from "./TableRow.ts";

/** What a row has to do with others of its table. */
export interface RowMark {
  /** The first row, by its id, that says the very same. */
  duplicate?: number | undefined;
  /** A row, by its id, that has another target for the same words, or another true answer. */
  conflict?: number | undefined;
}

/**
 * Which rows say the same as one before them, and which contradict another: of two that contradict each other both are
 * marked. Rows that cannot be written have neither.
 *
 * @param usable whether a row can be written
 */
export function rowMarks(
  rows: readonly TableRow[],
  usable: (row: TableRow) => boolean,
): Map<number, RowMark> {
  const marks = new Map<number, RowMark>();
  const bySentence = new Map<string, TableRow[]>();
  for (const row of rows) {
    if (!usable(row)) continue;
    const sentence = sentences(row);
    const same = bySentence.get(sentence);
    if (!same) {
      bySentence.set(sentence, [row]);
      continue;
    }
    const twin = same.find(
      (other) => other.target.trim() === row.target.trim() && !contradicts(other, row),
    );
    const other = same.find((one) => contradicts(one, row));
    if (twin || other) marks.set(row.id, { duplicate: twin?.id, conflict: other?.id });
    if (other) {
      const { duplicate } = marks.get(other.id) ?? {};
      marks.set(other.id, { duplicate, conflict: marks.get(other.id)?.conflict ?? row.id });
    }
    if (!twin) same.push(row);
  }
  return marks;
}

/** What a row says, as it is compared with others. */
export const sentences = remembered((row: TableRow) => sentenceOf(row).trim());

const contradicts = (a: TableRow, b: TableRow) =>
  a.target.trim() !== b.target.trim() ||
  (a.truth.trim() !== "" && b.truth.trim() !== "" && a.truth.trim() !== b.truth.trim());
