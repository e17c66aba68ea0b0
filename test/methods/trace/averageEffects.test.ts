import { expect, test } from "vitest";
import { averageEffects, effectRows } from "../../../src/methods/trace/averageEffects.ts";
import type { Trace } from "../../../src/data/trace/Trace.ts";

/** A trace of two layers, whose scores in layer 0 are given and in layer 1 are twice as much. */
function made(scores: number[], subjectRange: [number, number]): Trace {
  return {
    kind: "state",
    window: 1,
    answer: " x",
    answerIds: [7],
    noiseLevel: 1,
    layers: 2,
    correctPrediction: true,
    blockTokens: 0,
    highScore: 0.9,
    lowScore: 0.1,
    subjectRange,
    tokens: scores.map(String),
    spellings: scores.map(String),
    tokenIds: scores.map((_, i) => i),
    scores: Float32Array.from(scores.flatMap((score) => [score, 2 * score])),
  };
}

const long = made([0.0, 0.1, 0.2, 0.3, 0.25, 0.15, 0.05, 0.4], [1, 4]);
const oneToken = made([0.3, 0.2, 0.4], [0, 1]);

/** Layer 0 of each row of the table. */
const layer0 = (table: Float64Array): number[] => effectRows.map((_, row) => table[row * 2]);

test("the six rows of one fact", () => {
  const { scores, counts } = averageEffects([long]);
  expect(counts).toEqual([1, 1, 1, 1, 2, 1]);
  expect(layer0(scores)).toBeAllclose([0.1, 0.2, 0.3, 0.25, 0.1, 0.4], { rtol: 1e-6 });
});

test("a one-token subject is first and last; rows pool tokens over facts", () => {
  const { scores, counts, totalEffect } = averageEffects([long, oneToken]);
  expect(counts).toEqual([2, 1, 2, 2, 2, 2]);
  expect(layer0(scores)).toBeAllclose([0.2, 0.2, 0.3, 0.225, 0.1, 0.4], { rtol: 1e-6 });
  expect([totalEffect]).toBeAllclose([0.8]);
});

test("a token that is both next after the subject and last counts in both rows", () => {
  expect(averageEffects([made([0.3, 0.2], [0, 1])]).counts).toEqual([1, 0, 1, 1, 0, 1]);
});

test("effects are above the low score, never negative, and the best layer is named", () => {
  const { effects, bestAtLastSubject, bestAtLastToken, bestPerFact } = averageEffects([long]);
  expect(layer0(effects)).toBeAllclose([0, 0.1, 0.2, 0.15, 0, 0.3], { atol: 1e-6 });
  expect(bestAtLastSubject.layer).toBe(1);
  expect([bestAtLastSubject.effect, bestAtLastToken.effect]).toBeAllclose([0.5, 0.7]);
  expect([bestPerFact]).toBeAllclose([0.7]);
});

test("tokens that were not traced are left out", () => {
  const part = made([0.0, NaN, 0.2, 0.3], [1, 3]);
  expect(averageEffects([long, part]).counts).toEqual([1, 1, 2, 2, 2, 2]);
});

test("refuses nothing, and traces of two kinds", () => {
  expect(() => averageEffects([])).toThrow("no trace to average");
  expect(() => averageEffects([long, { ...long, kind: "mlp" }])).toThrow("two kinds");
});
