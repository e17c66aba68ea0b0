import type { Case } from "../facts/facts.ts";
import { around } from "./rowProblems.ts";
import type { TableFact } from "./TableFact.ts";
import type { TableRow } from "./TableRow.ts";

/** A row as it is written: with what scores it, where the table gives a true answer. */
export function rowFact(row: TableRow): TableFact {
  const prompt = row.prompt.trim();
  const [subject, target] = [row.subject.trim(), row.target.trim()];
  return row.truth.trim() === ""
    ? { prompt, subject, target }
    : { prompt, subject, target, case: rowCase(row) };
}

/** A row as a case. */
export function rowCase(row: TableRow): Case {
  return {
    id: row.caseId ?? row.id,
    prompt: rowTemplate(row),
    subject: row.subject.trim(),
    targetNew: row.target.trim(),
    targetTrue: row.truth.trim(),
    paraphrases: row.paraphrases ?? [],
    neighbours: row.neighbours ?? [],
    generationPrompts: row.generationPrompts ?? [],
    otherFacts: row.otherFacts,
  };
}

/** A row's prompt with `{}` in the place of its subject; as it stands where that is not there once. */
export function rowTemplate(row: Pick<TableRow, "prompt" | "subject">): string {
  const prompt = row.prompt.trim();
  const found = around({ prompt, subject: row.subject.trim() });
  return typeof found === "string" ? prompt : `${found[0]}{}${found[1]}`;
}

/** What tells written facts apart: the words of prompt, subject and target. */
export const factKey = (fact: { prompt: string; subject: string; target: string }): string =>
  JSON.stringify([rowTemplate(fact), fact.subject.trim(), fact.target.trim()]);

/** What tells apart whether a model knows rows: the words of prompt, subject and true answer. */
export const truthKey = (row: Pick<TableRow, "prompt" | "subject" | "truth">): string =>
  JSON.stringify([rowTemplate(row), row.subject.trim(), row.truth.trim()]);

/** What tells the scores of rows apart: all that is scored. */
export const scoreKey = (row: TableRow): string =>
  JSON.stringify([factKey(row), row.truth.trim(), row.paraphrases ?? [], row.neighbours ?? []]);
