import { bounds } from "../outside/bounds.ts";
import { shown } from "../outside/shown.ts";
import { remembered } from "./remembered.ts";
import { rowFields, type RowField, type TableRow } from "./TableRow.ts";

/** Why a row cannot be written, and which of its cells to repair. */
export interface RowProblem {
  field: RowField;
  /** A part of a sentence: "no subject". */
  text: string;
}

/** The words before and after the subject. */
export type Around = [before: string, after: string];

/** What is wrong with a row; nothing where it can be written. */
export function rowProblems(row: TableRow): RowProblem[] {
  if (row.refused !== undefined) return [{ field: "prompt", text: row.refused }];
  const problems: RowProblem[] = [];
  for (const field of rowFields) {
    const { length } = row[field];
    if (length > bounds.text)
      problems.push({ field, text: `${length} characters of ${field} (at most ${bounds.text})` });
    else if (field !== "truth" && row[field].trim() === "")
      problems.push({ field, text: `no text in "${field}"` });
  }
  if (problems.length > 0) return problems;
  const found = around(row);
  return typeof found === "string" ? [{ field: "prompt", text: found }] : [];
}

/** The words around the subject in a row's prompt; where it is not there once, a part of a sentence that says so. */
export const around = remembered(wordsAround);

function wordsAround({ prompt, subject }: Pick<TableRow, "prompt" | "subject">): Around | string {
  const marks = prompt.split("{}");
  if (marks.length === 2) return [marks[0], marks[1]];
  if (marks.length > 2) return `${marks.length - 1} times {} in the prompt; leave one`;
  const begin = prompt.indexOf(subject);
  const last = prompt.lastIndexOf(subject);
  if (subject !== "" && begin >= 0 && begin === last)
    return [prompt.slice(0, begin), prompt.slice(begin + subject.length)];
  const times = begin < 0 ? "not" : "more than once";
  return `the subject “${shown(subject, 40)}” is ${times} in the prompt; write {} in the subject’s place`;
}

/** A row's prompt with its subject in it; as it stands where that is not there once. */
export function sentenceOf(row: Pick<TableRow, "prompt" | "subject">): string {
  const found = around(row);
  return typeof found === "string" ? row.prompt : `${found[0]}${row.subject}${found[1]}`;
}
