import type { WrittenFact } from "../delta/provenance.ts";
import type { Case } from "../facts/facts.ts";
import { around } from "./rowProblems.ts";
import { remembered } from "./remembered.ts";
import type { TableFact } from "./TableFact.ts";
import type { TableRow } from "./TableRow.ts";
import { textHash } from "./textHash.ts";

/** A row as it is written: with what scores it, where the table gives a true answer. */
export function rowFact(row: TableRow): TableFact {
  const prompt = row.prompt.trim();
  const [subject, target] = [row.subject.trim(), row.target.trim()];
  return row.truth.trim() === ""
    ? { prompt, subject, target }
    : { prompt, subject, target, case: rowCase(row) };
}

/** What is written of a fact: with what it overwrites, where the table gives it. */
export function factRequest({ prompt, subject, target, case: known }: TableFact): WrittenFact {
  return known ? { prompt, subject, target, truth: known.targetTrue } : { prompt, subject, target };
}

/** A row as a case. */
export function rowCase(row: TableRow): Case {
  return {
    id: row.caseId ?? row.id,
    prompt: rowTemplate(row),
    subject: row.subject.trim(),
    targetNew: row.target.trim(),
    targetTrue: row.truth.trim(),
    paraphrases: filled(row.paraphrases, row),
    neighbours: filled(row.neighbours, row),
    generationPrompts: row.generationPrompts ?? [],
    otherFacts: row.otherFacts,
  };
}

/** Complete prompts: where one has `{}`, the row's subject is meant. */
const filled = (prompts: readonly string[] = [], { subject }: TableRow): string[] =>
  prompts.map((prompt) => prompt.replace("{}", () => subject.trim()));

/** A row's prompt with `{}` in the place of its subject; as it stands where that is not there once. */
export function rowTemplate(row: Pick<TableRow, "prompt" | "subject">): string {
  const [prompt, subject] = [row.prompt.trim(), row.subject.trim()];
  const isTrimmed = prompt === row.prompt && subject === row.subject;
  const found = around(isTrimmed ? row : { prompt, subject });
  return typeof found === "string" ? prompt : `${found[0]}{}${found[1]}`;
}

const templateOf = remembered(rowTemplate);

/** What tells written facts apart: the words of prompt, subject and target. */
export const factKey = remembered(
  (fact: { prompt: string; subject: string; target: string }): string =>
    JSON.stringify([templateOf(fact), fact.subject.trim(), fact.target.trim()]),
);

/** What tells apart whether a model knows rows: the words of prompt, subject and true answer. */
export const truthKey = remembered((row: Pick<TableRow, "prompt" | "subject" | "truth">): string =>
  JSON.stringify([templateOf(row), row.subject.trim(), row.truth.trim()]),
);

/** What tells the scores of rows apart: all that is scored, as a hash, since a row may have ten prompts. */
export const scoreKey = remembered((row: TableRow): string =>
  textHash(
    JSON.stringify([factKey(row), row.truth.trim(), row.paraphrases ?? [], row.neighbours ?? []]),
  ),
);
