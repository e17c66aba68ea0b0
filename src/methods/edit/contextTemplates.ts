import type { Stoppable } from "../../engine/runtime/Stoppable.ts";
import type { Model } from "../../engine/Model.ts";
import { NumpyRandom } from "../random/numpyRandom.ts";
import { checkTemplate } from "../prompt/subject.ts";

/** The authors' lengths: 10 prefixes of 5 tokens and 10 of 10, the end-of-text token included. */
export const paperLengths: [length: number, count: number][] = [
  [5, 10],
  [10, 10],
];

/** Templates with one `{}` each, by kind: a fact's key is the mean of the kinds' means (METHODS 5.3). */
export type ContextGroups = string[][];

/** What was sampled from each model as it is at one edition. */
const sampled = new WeakMap<Model, { edition: number; templates: Map<string, string[]> }>();

/** Prompts [row][token] that are continued to `maxTokens` tokens in all. */
export interface PrefixStarts {
  starts: number[][];
  maxTokens: number;
}

/**
 * The templates around a prompt under which an edit must hold (METHODS 4.2): "{}" itself and, per sampled
 * prefix, "prefix. {}", from the end-of-text token on.
 *
 * @param lengths [total length in tokens, how many]
 */
export async function contextTemplates(
  model: Model,
  lengths: [length: number, count: number][],
  options: { seed: number } & Stoppable,
): Promise<string[]> {
  const { eos } = model.tokenizer;
  const prefixes = lengths.map(([maxTokens, count]) => ({
    starts: Array.from({ length: count }, () => [eos]),
    maxTokens,
  }));
  return ["{}", ...(await sampledTemplates(model, prefixes, options))];
}

/**
 * "prefix. {}" for every start, its prefix sampled from the model with top-k 5 (METHODS 4.2, 5.1). They are kept for
 * the model in its present state of editing, the seed and the starts; the authors' code keeps the first it samples for
 * every model.
 */
export async function sampledTemplates(
  model: Model,
  prefixes: PrefixStarts[],
  { seed, signal }: { seed: number } & Stoppable,
): Promise<string[]> {
  const kept = keptFor(model);
  const name = JSON.stringify([seed, prefixes]);
  const templates = kept.get(name) ?? (await sample(model, prefixes, { seed, signal }));
  kept.set(name, templates);
  return [...templates];
}

/**
 * Templates given by the user, checked.
 *
 * @throws when there is none, or one without exactly one `{}`
 */
export function checkContexts(contexts: string[]): string[] {
  if (contexts.length === 0) throw new Error('the list of contexts is empty; give at least "{}"');
  return contexts.map(checkTemplate);
}

/** A sampled text as a prefix: NFKD, no blank line, no end-of-text token, no braces (METHODS 4.2). */
export function cleanPrefix(text: string): string {
  return text
    .normalize("NFKD")
    .replaceAll("\n\n", " ")
    .replaceAll("<|endoftext|>", "")
    .replace(/[{}]/g, " ");
}

function keptFor(model: Model): Map<string, string[]> {
  const { edition } = model;
  const kept = sampled.get(model);
  if (kept?.edition === edition) return kept.templates;
  const templates = new Map<string, string[]>();
  sampled.set(model, { edition, templates });
  return templates;
}

async function sample(
  model: Model,
  prefixes: PrefixStarts[],
  { seed, signal }: { seed: number } & Stoppable,
): Promise<string[]> {
  const random = new NumpyRandom(seed);
  const templates: string[] = [];
  for (const { starts, maxTokens } of prefixes) {
    const rows = await model.generate(starts, {
      maxTokens,
      topK: 5,
      random: () => random.random(),
      signal,
    });
    for (const row of rows) templates.push(`${cleanPrefix(model.tokenizer.decode(row))}. {}`);
  }
  return templates;
}
