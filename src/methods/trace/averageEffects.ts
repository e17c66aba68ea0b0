import type { Trace } from "../../data/trace/Trace.ts";

/** The rows of the average table (METHODS 2.8), top to bottom. */
export const effectRows = [
  "First subject token",
  "Middle subject tokens",
  "Last subject token",
  "First subsequent token",
  "Further tokens",
  "Last token",
] as const;

/** What {@link averageEffects} finds over many facts. */
export interface AverageEffects {
  facts: number;
  layers: number;
  /** Mean probability of the answer [row, layer], NaN in a row that no fact has. */
  scores: Float64Array;
  /** How many token rows went into each row's mean: tokens are pooled, not facts. */
  counts: number[];
  /** Average indirect effect [row, layer]: max(0, score − mean low score). */
  effects: Float64Array;
  highScore: number;
  lowScore: number;
  /** Average total effect: mean high − mean low score. */
  totalEffect: number;
  /** The largest average indirect effect at the last subject token, and its layer. */
  bestAtLastSubject: { layer: number; effect: number };
  /** The largest average indirect effect at the last token, and its layer. */
  bestAtLastToken: { layer: number; effect: number };
  /** Mean over facts of the best cell anywhere, minus the mean low score. */
  bestPerFact: number;
}

/**
 * Average causal effects over traces of one kind on one model (METHODS 2.8). As in the authors' notebook a
 * one-token subject counts as first and last, and a token that is both first after the subject and last
 * of the prompt counts in both rows.
 *
 * @throws when there is no trace, or when they are not of one kind, window and number of layers
 */
export function averageEffects(traces: Trace[]): AverageEffects {
  checkAlike(traces);
  const { layers } = traces[0];
  const scores = new Float64Array(effectRows.length * layers);
  const counts = effectRows.map(() => 0);
  for (const trace of traces) {
    rowTokens(trace).forEach((tokens, row) => {
      for (const token of tokens) if (addRow(scores, row, trace, token)) counts[row]++;
    });
  }
  for (let i = 0; i < scores.length; i++) scores[i] /= counts[Math.floor(i / layers)];
  const lowScore = mean(traces.map((trace) => trace.lowScore));
  const highScore = mean(traces.map((trace) => trace.highScore));
  const effects = scores.map((score) => Math.max(0, score - lowScore));
  return {
    facts: traces.length,
    layers,
    scores,
    counts,
    effects,
    highScore,
    lowScore,
    totalEffect: highScore - lowScore,
    bestAtLastSubject: best(effects.subarray(2 * layers, 3 * layers)),
    bestAtLastToken: best(effects.subarray(5 * layers, 6 * layers)),
    bestPerFact: mean(traces.map(highestCell)) - lowScore,
  };
}

function checkAlike(traces: Trace[]): void {
  if (traces.length === 0) throw new Error("there is no trace to average; trace some facts first");
  const key = ({ kind, window, layers }: Trace): string =>
    `${kind}, window ${window}, ${layers} layers`;
  const other = traces.find((trace) => key(trace) !== key(traces[0]));
  if (other) {
    throw new Error(`traces of two kinds cannot be averaged: ${key(traces[0])} and ${key(other)}`);
  }
}

/** The tokens of a trace that belong to each row of {@link effectRows}. */
function rowTokens({ subjectRange: [begin, end], tokenIds }: Trace): number[][] {
  const last = tokenIds.length - 1;
  return [
    [begin],
    range(begin + 1, end - 1),
    [end - 1],
    end <= last ? [end] : [],
    range(end + 1, last),
    [last],
  ];
}

/** Adds a token's scores to a row's sum; false where the token was not traced. */
function addRow(sums: Float64Array, row: number, trace: Trace, token: number): boolean {
  const { layers, scores } = trace;
  if (Number.isNaN(scores[token * layers])) return false;
  for (let l = 0; l < layers; l++) sums[row * layers + l] += scores[token * layers + l];
  return true;
}

function best(effects: Float64Array): { layer: number; effect: number } {
  let layer = 0;
  for (let l = 1; l < effects.length; l++) if (effects[l] > effects[layer]) layer = l;
  return { layer, effect: effects[layer] };
}

function highestCell({ scores }: Trace): number {
  return scores.reduce((high, score) => (score > high ? score : high), -Infinity);
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
