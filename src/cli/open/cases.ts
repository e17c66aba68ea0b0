import { type Case, parseCases } from "../../data/facts/facts.ts";
import type { Model } from "../../engine/Model.ts";
import { fillTemplate } from "../../methods/prompt/subject.ts";
import { targetLikelihoods } from "../../methods/score/targetLikelihoods.ts";
import type { Terminal } from "../Command.ts";
import { readJson } from "./files.ts";

/** Reads a file of cases in any known form; see {@link parseCases}. */
export async function readCases(path: string): Promise<Case[]> {
  const json = await readJson(path);
  try {
    return parseCases(json);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * The first `limit` cases that the model knows: every token of the true target is its most probable next
 * one after the bare prompt.
 *
 * @throws when it knows none of them
 */
export async function knownCases(
  model: Model,
  cases: Case[],
  { limit = Infinity, terminal }: { limit: number | undefined; terminal: Terminal },
): Promise<Case[]> {
  const known: Case[] = [];
  for (const [index, fact] of cases.entries()) {
    if (known.length >= limit) break;
    const prompt = fillTemplate(fact.prompt, fact.subject).text;
    const [[{ greedy }]] = await targetLikelihoods(model, [prompt], [[fact.targetTrue]]);
    if (greedy.every(Boolean)) known.push(fact);
    terminal.progress(`${known.length} known of ${index + 1} cases`);
  }
  terminal.progress("");
  if (known.length === 0) {
    throw new Error(`${model.config.name} knows none of the ${cases.length} cases`);
  }
  return known;
}
