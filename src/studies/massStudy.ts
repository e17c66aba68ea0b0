import type { Stoppable } from "../engine/runtime/Stoppable.ts";
import type { Case } from "../data/facts/facts.ts";
import type { WeightDelta } from "../data/delta/delta.ts";
import type { Model } from "../engine/Model.ts";
import type { EditRequest } from "../methods/edit/editRequest.ts";
import { perplexity } from "../methods/score/perplexity.ts";
import { type CaseScore, scoreCase, summarise, type Summary } from "../methods/score/score.ts";

/** Writes these facts into the model as it is, which stays unchanged. */
export type MassEditor = (facts: EditRequest[]) => Promise<{
  weights: readonly WeightDelta[];
  /** The largest ‖ΔW‖ / ‖W‖ of the weights. */
  relativeNorm: number;
}>;

/** What {@link massStudy} measures. */
export interface MassStudyOptions extends Stoppable {
  /** How many facts are written at once. */
  counts: number[];
  /** Every count is measured on at least so many cases, in groups of the count. */
  sample: number;
  /** Texts that no edit is about, for the perplexity. */
  neutral: string[];
  onGroup?: (count: number, doneCases: number, cases: number) => void;
}

/** One count of facts written at once. */
export interface MassResult {
  count: number;
  groups: number;
  before: Summary;
  after: Summary;
  /** Of the neutral text, before and as the mean over the groups after. */
  perplexityBefore: number;
  perplexity: number;
  /** Mean over the groups of the largest ‖ΔW‖ / ‖W‖. */
  relativeNorm: number;
}

/**
 * Writes the first cases in groups of each count, and scores every case of a group on the model that has the whole group
 * (METHODS 7.3, 7.6). The model ends with no active delta.
 *
 * @throws where there are fewer cases than the largest count
 */
export async function massStudy(
  model: Model,
  cases: Case[],
  edit: MassEditor,
  options: MassStudyOptions,
): Promise<MassResult[]> {
  const most = Math.max(...options.counts);
  if (cases.length < most) {
    throw new Error(`there are ${cases.length} cases; ${most} at once need as many`);
  }
  model.setDeltas([]);
  const perplexityBefore = await perplexity(model, options.neutral, options.signal);
  const before = await scoresOf(model, cases.slice(0, Math.max(most, options.sample)), options);
  const results = new Map<number, MassResult>();
  // The largest first: an editor that keeps what it finds for a fact then finds most of it in large batches.
  for (const count of [...options.counts].sort((a, b) => b - a)) {
    const groups = groupsOf(cases, count, options.sample);
    const measured = await measureGroups(model, groups, { edit, count, options });
    results.set(count, {
      count,
      groups: groups.length,
      perplexityBefore,
      ...measured,
      before: summarise(before.slice(0, groups.length * count)),
    });
  }
  return options.counts.map((count) => results.get(count)!);
}

/** Groups of `count` cases: as many as hold `sample` of them, at least one. */
function groupsOf(cases: Case[], count: number, sample: number): Case[][] {
  const number = Math.max(1, Math.floor(Math.min(sample, cases.length) / count));
  return Array.from({ length: number }, (_, i) => cases.slice(i * count, (i + 1) * count));
}

async function measureGroups(
  model: Model,
  groups: Case[][],
  { edit, count, options }: { edit: MassEditor; count: number; options: MassStudyOptions },
) {
  const scores: CaseScore[] = [];
  const [perplexities, norms]: [number[], number[]] = [[], []];
  for (const group of groups) {
    options.signal?.throwIfAborted();
    const { weights, relativeNorm } = await edit(group.map(requestOf));
    norms.push(relativeNorm);
    model.setDeltas(weights);
    try {
      scores.push(...(await scoresOf(model, group, options)));
      perplexities.push(await perplexity(model, options.neutral, options.signal));
    } finally {
      model.setDeltas([]);
    }
    options.onGroup?.(count, scores.length, groups.length * count);
  }
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  return {
    after: summarise(scores),
    perplexity: mean(perplexities),
    relativeNorm: mean(norms),
  };
}

const requestOf = ({ prompt, subject, targetNew }: Case): EditRequest => ({
  prompt,
  subject,
  target: targetNew,
});

async function scoresOf(model: Model, cases: Case[], { signal }: Stoppable): Promise<CaseScore[]> {
  const scores: CaseScore[] = [];
  for (const scored of cases) scores.push(await scoreCase(model, scored, { signal }));
  return scores;
}
