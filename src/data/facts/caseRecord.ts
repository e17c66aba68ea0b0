import type { Case } from "./facts.ts";

/** A case as the authors' CounterFact record, which `parseCases` reads back. */
export function caseRecord(fact: Case): object {
  const { id, prompt, subject, targetNew, targetTrue } = fact;
  return {
    case_id: id,
    requested_rewrite: {
      prompt,
      subject,
      target_new: { str: targetNew },
      target_true: { str: targetTrue },
    },
    paraphrase_prompts: fact.paraphrases,
    neighborhood_prompts: fact.neighbours,
    generation_prompts: fact.generationPrompts,
    local_neutral_prompts: fact.otherFacts,
  };
}
