import type { Case, OtherFact } from "./facts.ts";
import { fillTemplate } from "./template.ts";

/**
 * The cases, each with what the others state about its subject (METHODS 12.3): their prompts with their true answers, once
 * each. A case that brings such prompts keeps its own. Of one prompt with two answers none is taken, nor what has the
 * case's own answer, which may be the same fact in other words.
 */
export function withOtherFacts(cases: readonly Case[]): Case[] {
  const bySubject = new Map<string, Map<string, OtherFact | undefined>>();
  for (const { prompt, subject, targetTrue } of cases) {
    const known = bySubject.get(subject) ?? new Map<string, OtherFact | undefined>();
    bySubject.set(subject, known);
    const before = known.get(prompt);
    const clash = known.has(prompt) && before?.target !== targetTrue;
    const stated = { prompt: fillTemplate(prompt, subject), target: targetTrue };
    known.set(prompt, clash ? undefined : stated);
  }
  return cases.map((fact) => {
    if (fact.otherFacts) return fact;
    const others = [...bySubject.get(fact.subject)!]
      .filter(([prompt]) => prompt !== fact.prompt)
      .flatMap(([, other]) => (other && other.target !== fact.targetTrue ? [other] : []));
    return others.length > 0 ? { ...fact, otherFacts: others } : fact;
  });
}
