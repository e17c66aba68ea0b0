import { readCase } from "../facts/facts.ts";
import type { TableRow } from "./TableRow.ts";

type Fields = Record<string, unknown>;

/**
 * A record of a JSON table as a row: {prompt, subject, target, truth}, or a case in any form of parseCases. Of one that is
 * of no such form what texts it has are taken, and why it was refused is in the row.
 *
 * @param index counted from 0
 */
export function readRecord(record: unknown, index: number): TableRow {
  const at = { id: index, source: index + 1 };
  if (typeof record !== "object" || record === null || Array.isArray(record))
    return { ...at, prompt: "", subject: "", target: "", truth: "", refused: "it is no object" };
  const fields = record as Fields;
  if (isPlain(fields)) return { ...at, ...plain(fields) };
  try {
    const found = readCase(fields, "it", index);
    const { prompt, subject, paraphrases, neighbours, generationPrompts, otherFacts } = found;
    return {
      ...at,
      prompt,
      subject,
      target: found.targetNew,
      truth: found.targetTrue,
      relation: text(fields.relation) || undefined,
      paraphrases,
      neighbours,
      generationPrompts,
      otherFacts,
      caseId: found.id,
    };
  } catch (error) {
    return { ...at, ...loose(fields), refused: (error as Error).message };
  }
}

/** Neither CounterFact's, nor EasyEdit's, nor this project's own. */
function isPlain(fields: Fields): boolean {
  if (Object.hasOwn(fields, "newTargets") || Object.hasOwn(fields, "requested_rewrite"))
    return false;
  if (Object.hasOwn(fields, "target")) return true;
  return typeof fields.target_new === "string" && !Object.hasOwn(fields, "ground_truth");
}

function plain(fields: Fields) {
  const { prompt, subject, target, truth, relation } = fields;
  return {
    prompt: text(prompt),
    subject: text(subject),
    target: text(target) || text(fields.target_new),
    truth: text(truth) || text(fields.ground_truth) || text(fields.target_true),
    relation: text(relation) || undefined,
    paraphrases: texts(fields.paraphrases),
    neighbours: texts(fields.neighbours),
    caseId: idOf(fields),
  };
}

/** What texts there are where the forms have them. */
function loose(fields: Fields) {
  const { requested_rewrite: rewrite, newTargets } = fields;
  const inner = typeof rewrite === "object" && rewrite !== null ? (rewrite as Fields) : fields;
  const answer = (name: string) => {
    const value = inner[name] as { str?: unknown } | string | null | undefined;
    return text(typeof value === "object" ? value?.str : value);
  };
  return {
    prompt: text(inner.prompt),
    subject: text(inner.subject),
    target: answer("target_new") || text(Array.isArray(newTargets) ? newTargets[0] : ""),
    truth: answer("target_true") || text(fields.ground_truth) || text(fields.target),
    caseId: idOf(fields),
  };
}

const text = (value: unknown): string => (typeof value === "string" ? value.trim() : "");

function texts(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const some = value.map(text).filter(Boolean);
  return some.length > 0 ? some : undefined;
}

const idOf = ({ case_id: given, id }: Fields): string | number | undefined => {
  const found = given ?? id;
  return typeof found === "string" || typeof found === "number" ? found : undefined;
};
