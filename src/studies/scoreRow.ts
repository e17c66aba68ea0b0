import { checkShape } from "../data/outside/checkShape.ts";
import { object, record } from "../data/outside/kinds.ts";
import { numberIn } from "../data/rows/rows.ts";
import { mean } from "./average.ts";
import { type CaseScore, type Measures, measureLabels } from "../methods/score/score.ts";

/** What a row holds of a case's score: its measures, and every prompt's two likelihoods [new, true] as mean NLL. */
export interface ScoreColumns {
  measures: Record<string, number>;
  rewrite: [number, number][];
  paraphrase: [number, number][];
  neighbourhood: [number, number][];
  /** Probabilities of the answers to what else is known of the subject; none in rows of before they were asked. */
  others?: number[] | undefined;
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
    others: score.others.length > 0 ? [...score.others] : undefined,
  };
}

/** The measures that a row's column of scores holds, NaN where the case has none. */
export function measuresIn(column: unknown): { measures: Measures } {
  const { measures } = checkShape(column, object({ measures: record }), "a row's score");
  const names = Object.keys(measureLabels) as (keyof Measures)[];
  const entries = names.map((name) => [name, numberIn(measures, name)] as const);
  return { measures: Object.fromEntries(entries) as Record<keyof Measures, number> };
}

/**
 * Local neutral (METHODS 12.3) over cases before and after their edits: the mean over them of the mean over their other
 * facts of 1 − |p_after − p_before| / (½ + |p_before − ½|); NaN where no case has any.
 */
export function localNeutral(pairs: readonly { before: unknown; after: unknown }[]): number {
  const cases = pairs.flatMap(({ before, after }) => {
    const [was, is] = [before, after].map((column) => (column as ScoreColumns).others ?? []);
    if (was.length === 0 || was.length !== is.length) return [];
    return [mean(was.map((p, i) => 1 - Math.abs(is[i] - p) / (0.5 + Math.abs(p - 0.5))))];
  });
  return mean(cases);
}
