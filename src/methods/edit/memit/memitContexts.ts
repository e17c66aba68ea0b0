import type { Stoppable } from "../../../engine/runtime/Stoppable.ts";
import type { Model } from "../../../engine/Model.ts";
import { checkContexts, type ContextGroups, sampledTemplates } from "../contextTemplates.ts";

/** Each is continued once (METHODS 5.1). */
export const STARTERS = ["The", "Therefore", "Because", "I", "You"];

/** Tokens of a prefix in all, its starter's included. */
export const PREFIX_TOKENS = 10;

/**
 * MEMIT's templates (METHODS 5.1): "{}" by itself, and "prefix. {}" for one sampled prefix per starter. They are kept
 * like ROME's, for the model in its present state of editing.
 */
export async function memitContexts(
  model: Model,
  { seed, signal }: { seed: number } & Stoppable,
): Promise<ContextGroups> {
  const starts = STARTERS.map((word) => model.tokenizer.encode(word));
  const prefixed = await sampledTemplates(model, [{ starts, maxTokens: PREFIX_TOKENS }], {
    seed,
    signal,
  });
  return [["{}"], prefixed];
}

/**
 * Contexts given by the user, as groups: a list of lists is taken as it is, a plain list as its "{}" and the rest.
 *
 * @throws when there is none, or one without exactly one `{}`
 */
export function groupContexts(contexts: string[] | ContextGroups): ContextGroups {
  if (contexts.length > 0 && contexts.every((group) => Array.isArray(group))) {
    return contexts.map((group) => checkContexts(group));
  }
  const flat = checkContexts(contexts as string[]);
  const groups = [flat.filter((text) => text === "{}"), flat.filter((text) => text !== "{}")];
  return groups.filter((group) => group.length > 0);
}
