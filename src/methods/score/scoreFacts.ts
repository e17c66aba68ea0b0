import type { TableFact } from "../../data/facts/factTable.ts";
import type { Model } from "../../engine/Model.ts";
import type { Stoppable } from "../../engine/runtime/Stoppable.ts";
import { type CaseScore, type Measures, scoreCase, type Summary, summarise } from "./score.ts";
import { type TargetAnswer, targetAnswers } from "./targetAnswers.ts";

/** Some facts of a table on the model as it is at one time. */
export interface ScoredPart {
  answers: TargetAnswer[];
  /** Of each fact whose true answer is known. */
  measures: (Measures | undefined)[];
}

/** The whole table on the model as it is at one time. */
export interface TableScore extends ScoredPart {
  /** Over the facts whose true answer is known; absent where it is of none. */
  summary?: Summary | undefined;
}

/** Facts with the scores of those that have a case. */
export interface ScoredFacts extends ScoredPart {
  scores: CaseScore[];
}

/** Facts whose answers are asked for together. */
const CHUNK = 32;

/**
 * p(target) of every fact, and the measures of those with a case (METHODS 7).
 *
 * @throws as targetAnswers and scoreCase, and when it is stopped
 */
export async function scoreFacts(
  model: Model,
  facts: readonly TableFact[],
  { onDone, signal }: { onDone?: () => void } & Stoppable = {},
): Promise<ScoredFacts> {
  const scored: ScoredFacts = { answers: [], measures: [], scores: [] };
  for (let at = 0; at < facts.length; at += CHUNK) {
    const some = facts.slice(at, at + CHUNK);
    scored.answers.push(...(await targetAnswers(model, some, signal)));
    for (const { case: known } of some) {
      signal?.throwIfAborted();
      const score = known && (await scoreCase(model, known, { signal }));
      if (score) scored.scores.push(score);
      scored.measures.push(score?.measures);
      onDone?.();
    }
  }
  return scored;
}

/** All that is scored of a table, summed up. */
export const tableScore = ({ answers, measures, scores }: ScoredFacts): TableScore => ({
  answers,
  measures,
  summary: scores.length ? summarise(scores) : undefined,
});
