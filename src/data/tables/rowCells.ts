import type { RowField, TableRow } from "./TableRow.ts";

/** The cells of a row as a form has them; paraphrases and neighbours one on a line. */
export type RowCells = Record<RowField | "paraphrases" | "neighbours", string>;

/** What a form shows of a row. */
export const cellsOf = (row: TableRow): RowCells => ({
  prompt: row.prompt,
  subject: row.subject,
  target: row.target,
  truth: row.truth,
  paraphrases: (row.paraphrases ?? []).join("\n"),
  neighbours: (row.neighbours ?? []).join("\n"),
});

/** What a row gets of what was typed. */
export const typedCells = (cells: RowCells) => ({
  prompt: cells.prompt.trim(),
  subject: cells.subject.trim(),
  target: cells.target.trim(),
  truth: cells.truth.trim(),
  paraphrases: lines(cells.paraphrases),
  neighbours: lines(cells.neighbours),
});

function lines(text: string): string[] | undefined {
  const found = text.split("\n").map((line) => line.trim());
  const some = found.filter((line) => line !== "");
  return some.length > 0 ? some : undefined;
}
