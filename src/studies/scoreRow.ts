import { numberIn } from "../data/rows/rows.ts";
import { type CaseScore, type Measures, measureLabels } from "../methods/score/score.ts";

/** What a row holds of a case's score: its measures, and every prompt's two likelihoods [new, true] as mean NLL. */
export interface ScoreColumns {
  measures: Record<string, number>;
  rewrite: [number, number][];
  paraphrase: [number, number][];
  neighbourhood: [number, number][];
}

/** A score as a row holds it. */
export function scoreColumns(score: CaseScore): ScoreColumns {
  const pairs = (part: CaseScore["rewrite"]) =>
    part.map(({ nllNew, nllTrue }): [number, number] => [nllNew, nllTrue]);
  return {
    measures: { ...score.measures },
    rewrite: pairs(score.rewrite),
    paraphrase: pairs(score.paraphrase),
    neighbourhood: pairs(score.neighbourhood),
  };
}

/** The measures that a row's column of scores holds, NaN where the case has none. */
export function measuresIn(column: unknown): { measures: Measures } {
  const { measures } = column as ScoreColumns;
  const names = Object.keys(measureLabels) as (keyof Measures)[];
  const entries = names.map((name) => [name, numberIn(measures, name)] as const);
  return { measures: Object.fromEntries(entries) as Record<keyof Measures, number> };
}
