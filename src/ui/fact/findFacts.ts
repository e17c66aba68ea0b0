import { fillTemplate } from "../../data/facts/template.ts";
import type { Fact } from "../../../workers/protocol/protocol.ts";

/** The facts that have all of these words, in any order and case; all of them for none. */
export function findFacts(facts: readonly Fact[], wanted: string): Fact[] {
  const words = wanted.toLowerCase().split(/\s+/);
  return facts.filter(({ prompt, subject, target, relation }) => {
    const text = `${fillTemplate(prompt, subject)} ${target} ${relation}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
