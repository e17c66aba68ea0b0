import type { Stoppable } from "../../engine/runtime/Stoppable.ts";
import type { Case } from "../../data/facts/facts.ts";
import type { Model } from "../../engine/Model.ts";
import { continueText } from "../prompt/continueText.ts";
import { ngramEntropy } from "./ngramEntropy.ts";
import { templateSpan } from "../prompt/subject.ts";
import { targetLikelihoods, type TargetLikelihood } from "./targetLikelihoods.ts";

/** One prompt under the probability test (METHODS 7.2). */
export interface PromptScore {
  prompt: string;
  /** Mean NLL of the new and of the true target; lower is likelier. */
  nllNew: number;
  nllTrue: number;
  /** 1 where the target that should win is the likelier one, else 0. */
  success: number;
  /** e^(−NLL) of the target that should win minus that of the other. */
  magnitude: number;
  /**
   * EasyEdit's token accuracy: the part of the tokens of the target that should win which are the most
   * probable ones under teacher forcing. Not a measure of the authors' paper.
   */
  tokenAccuracy: number;
}

/** The measures of METHODS 7.3 by their letters; fractions, which the authors' tables print × 100. */
export interface Measures {
  /** Efficacy: success and magnitude on the rewrite prompt. */
  ES: number;
  EM: number;
  /** Paraphrases. NaN where a case has none; the same holds below. */
  PS: number;
  PM: number;
  /** Neighbourhood. */
  NS: number;
  NM: number;
  /** Token accuracy on rewrite, paraphrases (new target) and neighbours (true target). */
  rewriteAccuracy: number;
  paraphraseAccuracy: number;
  neighbourAccuracy: number;
  /** Probability of the whole answers to what else is known of the subject (METHODS 12.3). */
  LP: number;
  /** Generation entropy in bits (METHODS 7.4); NaN where no text was generated. */
  GE: number;
}

/** What {@link scoreCase} measures on the model as it is. */
export interface CaseScore {
  id: string | number;
  rewrite: PromptScore[];
  paraphrase: PromptScore[];
  neighbourhood: PromptScore[];
  /** Of each of the case's other facts, the probability of its whole answer. */
  others: number[];
  measures: Measures;
  /** Harmonic mean of this case's ES, PS and NS; the S of a table is that of the means over cases. */
  score: number;
  /** The sampled texts behind GE. */
  texts: string[];
}

/** Names of {@link Measures} as tables should label them. */
export const measureLabels: Record<keyof Measures, string> = {
  ES: "Efficacy score ES",
  EM: "Efficacy magnitude EM",
  PS: "Paraphrase score PS",
  PM: "Paraphrase magnitude PM",
  NS: "Neighbourhood score NS",
  NM: "Neighbourhood magnitude NM",
  rewriteAccuracy: "Rewrite token accuracy (EasyEdit)",
  paraphraseAccuracy: "Paraphrase token accuracy (EasyEdit)",
  neighbourAccuracy: "Neighbour token accuracy (EasyEdit)",
  LP: "Probability of the subject's other facts LP",
  GE: "Generation entropy GE (bits)",
};

/** Options of {@link scoreCase}. */
export interface ScoreOptions extends Stoppable {
  /** Sample the generation prompts for GE, which takes longest; default false. */
  generate?: boolean;
  /** Seeds the sampling, the same before and after an edit. */
  seed?: number;
}

/**
 * Scores one case on the model as it is now (METHODS 7.2–7.4): both targets after the rewrite prompt, the
 * paraphrases and the neighbours, in one batch. Call it before and after an edit.
 *
 * @throws when a prompt or target is empty or too long
 */
export async function scoreCase(
  model: Model,
  fact: Case,
  { generate = false, seed = 1, signal }: ScoreOptions = {},
): Promise<CaseScore> {
  const rewrite = templateSpan(fact.prompt, fact.subject).text;
  const prompts = [rewrite, ...fact.paraphrases, ...fact.neighbours];
  const others = fact.otherFacts ?? [];
  const likelihoods = await targetLikelihoods(
    model,
    [...prompts, ...others.map(({ prompt }) => prompt)],
    [...prompts.map(() => [fact.targetNew, fact.targetTrue]), ...others.map((one) => [one.target])],
    signal,
  );
  const first = 1 + fact.paraphrases.length;
  const scored = prompts.map((prompt, i) =>
    promptScore(prompt, likelihoods[i], { wins: i < first ? 0 : 1 }),
  );
  const texts = generate ? await sampleTexts(model, fact, { seed, signal }) : [];
  const parts = {
    rewrite: scored.slice(0, 1),
    paraphrase: scored.slice(1, first),
    neighbourhood: scored.slice(first),
    others: likelihoods
      .slice(prompts.length)
      .map(([{ nll, greedy }]) => Math.exp(-nll * greedy.length)),
  };
  const measures = caseMeasures(parts, texts);
  const score = harmonicMean([measures.ES, measures.PS, measures.NS]);
  return { id: fact.id, ...parts, measures, score, texts };
}

/** The mean over cases of every measure, with the population standard deviation and how many cases had it. */
export interface Summary {
  cases: number;
  measures: Record<keyof Measures, { mean: number; std: number; cases: number }>;
  /** S: the harmonic mean of the means of ES, PS and NS (METHODS 7.3). */
  score: number;
}

/**
 * Sums up many cases (METHODS 7.3): means over cases of the per-case means.
 *
 * @throws when there is no case
 */
export function summarise(scores: readonly Pick<CaseScore, "measures">[]): Summary {
  if (scores.length === 0) throw new Error("there is no score to sum up; score some cases first");
  const names = Object.keys(measureLabels) as (keyof Measures)[];
  const measures = Object.fromEntries(
    names.map((name) => [name, spread(scores.map((score) => score.measures[name]))]),
  ) as Summary["measures"];
  const score = harmonicMean([measures.ES.mean, measures.PS.mean, measures.NS.mean]);
  return { cases: scores.length, measures, score };
}

/** n / Σ 1/x; 0 as soon as one of them is 0, and only over those that are numbers. */
export function harmonicMean(values: number[]): number {
  const known = values.filter((x) => !Number.isNaN(x));
  return known.length / known.reduce((sum, x) => sum + 1 / x, 0);
}

function promptScore(
  prompt: string,
  [fresh, old]: TargetLikelihood[],
  { wins }: { wins: 0 | 1 },
): PromptScore {
  const [winner, loser] = wins === 0 ? [fresh, old] : [old, fresh];
  return {
    prompt,
    nllNew: fresh.nll,
    nllTrue: old.nll,
    success: winner.nll < loser.nll ? 1 : 0,
    magnitude: Math.exp(-winner.nll) - Math.exp(-loser.nll),
    tokenAccuracy: mean(winner.greedy.map(Number)),
  };
}

function caseMeasures(
  parts: Pick<CaseScore, "rewrite" | "paraphrase" | "neighbourhood" | "others">,
  texts: string[],
): Measures {
  const of = (part: PromptScore[], field: "success" | "magnitude" | "tokenAccuracy"): number =>
    mean(part.map((score) => score[field]));
  return {
    ES: of(parts.rewrite, "success"),
    EM: of(parts.rewrite, "magnitude"),
    PS: of(parts.paraphrase, "success"),
    PM: of(parts.paraphrase, "magnitude"),
    NS: of(parts.neighbourhood, "success"),
    NM: of(parts.neighbourhood, "magnitude"),
    rewriteAccuracy: of(parts.rewrite, "tokenAccuracy"),
    paraphraseAccuracy: of(parts.paraphrase, "tokenAccuracy"),
    neighbourAccuracy: of(parts.neighbourhood, "tokenAccuracy"),
    LP: mean(parts.others),
    GE: mean(texts.map(ngramEntropy)),
  };
}

/** Top-5 samples of 100 tokens from every generation prompt (METHODS 7.4). */
function sampleTexts(
  model: Model,
  fact: Case,
  { seed, signal }: { seed: number; signal: AbortSignal | undefined },
): Promise<string[]> {
  const options = { maxTokens: 100, topK: 5, seed };
  return continueText(model, fact.generationPrompts, { ...options, signal });
}

function spread(values: number[]): { mean: number; std: number; cases: number } {
  const known = values.filter((x) => !Number.isNaN(x));
  const center = mean(known);
  const std = Math.sqrt(mean(known.map((x) => (x - center) ** 2)));
  return { mean: center, std, cases: known.length };
}

/** NaN where there is nothing to average. */
const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
