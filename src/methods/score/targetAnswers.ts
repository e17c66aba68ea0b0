import type { Model } from "../../engine/Model.ts";
import type { EditRequest } from "../edit/editRequest.ts";
import { templateSpan, promptTemplate } from "../prompt/subject.ts";
import { targetLikelihoods } from "./targetLikelihoods.ts";

/** What the model as it is says of one fact. */
export interface TargetAnswer {
  /** p(target | prompt), of all its tokens. */
  probability: number;
  /** Whether greedy text goes on with the target. */
  greedy: boolean;
}

/**
 * p(target) after the bare prompt of every fact, on the model as it is.
 *
 * @throws when a prompt or target is empty, or too long together
 */
export async function targetAnswers(
  model: Model,
  facts: EditRequest[],
  signal?: AbortSignal,
): Promise<TargetAnswer[]> {
  const prompts = facts.map(({ prompt, subject }) => {
    return templateSpan(promptTemplate(prompt, subject), subject).text;
  });
  const targets = facts.map(({ target }) => [target]);
  const found = await targetLikelihoods(model, prompts, targets, signal);
  return found.map(([{ nll, greedy }]) => ({
    probability: Math.exp(-nll * greedy.length),
    greedy: greedy.every(Boolean),
  }));
}
