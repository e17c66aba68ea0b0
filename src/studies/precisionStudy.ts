import type { Stoppable } from "../engine/runtime/Stoppable.ts";
import type { Case } from "../data/facts/facts.ts";
import type { Model } from "../engine/Model.ts";
import type { Precision } from "../engine/checkpoint/precision.ts";
import { divergence, type Divergence } from "../methods/score/divergence.ts";
import { pearson } from "../methods/score/pearson.ts";
import type { RomeHyperparameters } from "../methods/edit/rome/RomeHyperparameters.ts";
import type { Summary } from "../methods/score/score.ts";
import type { LayerStatistics } from "../methods/statistics/statistics.ts";
import { romeSweep } from "./sweep.ts";
import { sigma } from "../methods/trace/sigma.ts";
import { targetLikelihoods } from "../methods/score/targetLikelihoods.ts";
import { trace } from "../methods/trace/trace.ts";

/** A prompt that holds its subject, and the answer that makes it a fact. */
export interface Statement {
  prompt: string;
  subject: string;
  target: string;
}

/** What every precision is put through. */
export interface PrecisionPlan {
  /** Texts whose next-token distributions are compared. */
  sentences: string[];
  /** Facts that may be recalled: every token of the target the likeliest one. */
  facts: Statement[];
  /** Facts that are traced; among those that float32 recalls. */
  traces: number;
  /** Cases that ROME writes, each alone; none without `statistics`. */
  cases: Case[];
  hyperparameters: RomeHyperparameters;
  statistics?: LayerStatistics;
  seed: number;
}

/** How one precision does. */
export interface PrecisionResult extends Divergence {
  precision: Precision;
  /** Of the weights on the device. */
  bytes: number;
  facts: { all: number; recalled: number; known: number; lost: number };
  /** Mean over facts of Pearson's r between the scores of this precision's state trace and of float32's. */
  traces: { count: number; correlation: number };
  /** After ROME. */
  edits?: Summary;
}

/** Options of {@link precisionStudy}. */
export interface StudyOptions extends Stoppable {
  onProgress?: (what: string) => void;
  /** Called when a precision is done; the whole takes hours on large models. */
  onResult?: (result: PrecisionResult) => void;
}

/** What float32 says, which the others are held against. */
interface Reference {
  model: Model;
  recalled: boolean[];
  traced: Statement[];
  sigma: number;
  scores: Float32Array[];
}

/**
 * Compares precisions of one model with float32: distributions, facts, traces and edits. `lost` are facts that float32
 * recalls and the precision does not; `known` are those that float32 recalls.
 *
 * @param load opens the model; what it opens is disposed of here
 */
export async function precisionStudy(
  load: (precision: Precision) => Promise<Model>,
  precisions: readonly Precision[],
  plan: PrecisionPlan,
  options: StudyOptions = {},
): Promise<PrecisionResult[]> {
  options.onProgress?.("f32: facts and traces");
  const model = await load("f32");
  try {
    const reference = await refer(model, plan, options);
    const results: PrecisionResult[] = [];
    for (const precision of precisions) {
      const other = await load(precision);
      try {
        const result = await compare(reference, other, { precision, plan, options });
        options.onResult?.(result);
        results.push(result);
      } finally {
        await other.dispose();
      }
    }
    return results;
  } finally {
    await model.dispose();
  }
}

async function refer(model: Model, plan: PrecisionPlan, options: StudyOptions): Promise<Reference> {
  const recalled = await recall(model, plan.facts, options);
  const traced = plan.facts.filter((_, i) => recalled[i]).slice(0, plan.traces);
  const unit = traced.length > 0 ? await sigma(model, [...new Set(traced.map(subjectOf))]) : 0;
  const scores = await traceAll(model, traced, { sigma: unit, options });
  return { model, recalled, traced, sigma: unit, scores };
}

async function compare(
  reference: Reference,
  model: Model,
  how: { precision: Precision; plan: PrecisionPlan; options: StudyOptions },
): Promise<PrecisionResult> {
  const { precision, plan, options } = how;
  const say = (what: string) => options.onProgress?.(`${precision}: ${what}`);
  const { bytes } = model.ledger;
  say("distributions");
  const distance = await divergence(reference.model, model, plan.sentences, options.signal);
  say("facts");
  const recalled = await recall(model, plan.facts, options);
  say("traces");
  const scores = await traceAll(model, reference.traced, { sigma: reference.sigma, options });
  const correlations = scores.map((row, i) => pearson(row, reference.scores[i]));
  say("edits");
  const edits = await edit(model, plan, options);
  const count = (list: boolean[]) => list.filter(Boolean).length;
  return {
    precision,
    bytes,
    ...distance,
    facts: {
      all: recalled.length,
      recalled: count(recalled),
      known: count(reference.recalled),
      lost: count(reference.recalled.map((was, i) => was && !recalled[i])),
    },
    traces: {
      count: correlations.length,
      correlation: correlations.reduce((sum, r) => sum + r, 0) / correlations.length,
    },
    ...(edits && { edits }),
  };
}

const subjectOf = ({ subject }: Statement) => subject;

/** Facts that are asked for in one call: enough for full batches. */
const FACTS = 512;

async function recall(
  model: Model,
  facts: Statement[],
  { signal }: StudyOptions,
): Promise<boolean[]> {
  const found: boolean[] = [];
  for (let at = 0; at < facts.length; at += FACTS) {
    const some = facts.slice(at, at + FACTS);
    const prompts = some.map(({ prompt }) => prompt);
    const targets = some.map(({ target }) => [target]);
    const likelihoods = await targetLikelihoods(model, prompts, targets, signal);
    found.push(...likelihoods.map(([{ greedy }]) => greedy.every(Boolean)));
  }
  return found;
}

/** The scores [token, layer] of a state trace of each fact. */
async function traceAll(
  model: Model,
  facts: Statement[],
  { sigma: unit, options }: { sigma: number; options: StudyOptions },
): Promise<Float32Array[]> {
  const scores: Float32Array[] = [];
  for (const { prompt, subject, target } of facts) {
    const request = { prompt, subject, target, occurrence: 0, kind: "state", window: 1 } as const;
    const noise = { kind: "sigma", factor: 3 } as const;
    const found = await trace(
      model,
      { ...request, noise, samples: 10, replace: false, seed: 1 },
      { sigma: unit, signal: options.signal },
    );
    scores.push(found.scores);
  }
  return scores;
}

async function edit(
  model: Model,
  { cases, hyperparameters, statistics, seed }: PrecisionPlan,
  { signal }: StudyOptions,
): Promise<Summary | undefined> {
  if (!statistics || cases.length === 0) return undefined;
  const { layer, steps, clamp } = hyperparameters;
  const grid = { layers: [layer], steps: [steps], clamps: [clamp] };
  const [{ summary }] = await romeSweep(model, cases, grid, {
    hyperparameters,
    seed,
    statistics: () => Promise.resolve(statistics),
    signal,
  });
  return summary;
}
