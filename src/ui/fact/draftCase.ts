import type { Case } from "../../../workers/protocol/protocol.ts";
import type { Draft } from "./Draft.svelte.ts";
import { linesOf } from "../parts/linesOf.ts";

/** Prompts whose sampled text gives the generation entropy: enough to see repetition, quick to make. */
const GENERATED = 3;

/**
 * The fact on the page as a case to score.
 *
 * @param own what the model answers without an edit, as a whole: the true answer, where none was typed
 * @throws a sentence when a target is missing
 */
export function caseOf(draft: Draft, own: string): Case {
  const target = draft.target.trim();
  const truth = draft.truth.trim() || own;
  if (!target) throw new Error("no new target: type the answer that the model should give");
  if (!truth) throw new Error("no true answer: type what the model answers without an edit");
  const paraphrases = linesOf(draft.paraphrases);
  return {
    id: draft.fact?.id ?? "page",
    prompt: draft.template!,
    subject: draft.subject,
    targetNew: target,
    targetTrue: truth,
    paraphrases,
    neighbours: linesOf(draft.neighbours),
    generationPrompts: [draft.prompt, ...paraphrases].slice(0, GENERATED),
  };
}
