import { fillTemplate } from "../../data/facts/template.ts";
import type { Fact } from "../../../workers/protocol/protocol.ts";

/** Enough for a steady perplexity, few enough to be read in a moment. */
const STATEMENTS = 40;

/** True statements of the page's facts about subjects that are not in the table, spread over all of them. */
export function neutralStatements(facts: Fact[], table: readonly { subject: string }[]): string[] {
  const written = new Set(table.map(({ subject }) => subject.trim().toLowerCase()));
  const others = facts.filter(({ subject }) => !written.has(subject.trim().toLowerCase()));
  return spread(others, STATEMENTS).map(
    ({ prompt, subject, target }) => `${fillTemplate(prompt, subject)} ${target}.`,
  );
}

/** Some of a list, at even distances. */
export function spread<T>(list: T[], count: number): T[] {
  const some = Math.min(count, list.length);
  return Array.from({ length: some }, (_, i) => list[Math.floor((i * list.length) / some)]);
}
