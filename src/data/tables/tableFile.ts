import { csvFormatRows } from "d3-dsv";
import { csvText } from "../csvText.ts";
import { rowTemplate } from "./rowFact.ts";
import { rowProblems } from "./rowProblems.ts";
import type { TableRow } from "./TableRow.ts";

/** What was measured of a row, by what the columns of a file call it: "p before", "ES after". */
export type RowMeasures = Record<string, number | string | boolean | undefined>;

/** A row and what was measured of it. */
export interface MeasuredRow {
  row: TableRow;
  measures?: RowMeasures | undefined;
}

/**
 * Rows as CSV, which {@link readTable} takes again: all that was typed, what is wrong with a row, and what was measured of
 * it. Several prompts of one cell are lines in it.
 */
export function tableCsv(rows: readonly MeasuredRow[]): string {
  const measured = [...new Set(rows.flatMap(({ measures }) => Object.keys(measures ?? {})))];
  const header = ["prompt", "subject", "target", "truth", "relation", "paraphrases", "neighbours"];
  const lines = rows.map(({ row, measures }) => [
    ...[row.prompt, row.subject, row.target, row.truth, row.relation ?? ""].map(csvText),
    ...[row.paraphrases, row.neighbours].map((texts) => csvText((texts ?? []).join("\n"))),
    csvText(
      rowProblems(row)
        .map(({ text }) => text)
        .join("; "),
    ),
    ...measured.map((name) => cellOf(measures?.[name])),
  ]);
  return `${csvFormatRows([[...header, "mistakes", ...measured], ...lines])}\n`;
}

function cellOf(value: RowMeasures[string]): string {
  if (value === undefined) return "";
  return typeof value === "string" ? csvText(value) : String(value);
}

/** Rows as JSON, which {@link readTable} takes again, with what was measured of them. */
export function tableJson(rows: readonly MeasuredRow[]): string {
  const records = rows.map(({ row, measures }) => {
    const { id, source, refused, caseId, prompt, ...rest } = row;
    void [id, source, refused];
    return {
      id: caseId,
      prompt: rowProblems(row).length > 0 ? prompt : rowTemplate(row),
      ...rest,
      measures,
    };
  });
  return `${JSON.stringify(records, null, 1)}\n`;
}
