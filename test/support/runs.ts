import type { Delta } from "../../src/data/delta/delta.ts";
import type { Run, ScoreResult } from "../../src/data/run/Run.ts";
import type { RunContext } from "../../src/data/run/RunContext.ts";
import type { Trace } from "../../src/data/trace/Trace.ts";
import { caseScore } from "./ui/caseScore.ts";

/** What a run is of, on a model that is none. */
export function context(changes: Partial<RunContext> = {}): RunContext {
  return {
    kind: "trace",
    model: { stamp: "0".repeat(64), precision: "f32", id: "tiny", revision: "local" },
    edits: [],
    fact: { prompt: "{} is in", subject: "The tower" },
    settings: {
      kinds: ["state"],
      window: 1,
      samples: 2,
      noise: { kind: "sigma", factor: 3 },
      replace: false,
    },
    seed: 1,
    sigma: { value: 0.125, set: "the facts of a test", subjects: 3 },
    version: "0.1.0",
    begun: "2026-11-21T10:00:00.000Z",
    ...changes,
  };
}

/** A trace of three tokens through two layers, the middle one not traced. */
export function trace(changes: Partial<Trace> = {}): Trace {
  return {
    kind: "state",
    window: 1,
    tokens: ["The", " tower", " is"],
    spellings: ["The", " tower", " is"],
    tokenIds: [1, 2, 3],
    subjectRange: [0, 2],
    answer: " river",
    answerIds: [9],
    highScore: 0.5,
    lowScore: 0.125,
    scores: Float32Array.of(0.25, 0.5, NaN, NaN, 0.125, 0.375),
    noiseLevel: 0.375,
    layers: 2,
    correctPrediction: true,
    blockTokens: 10,
    ...changes,
  };
}

/** A kept run of a trace. */
export const aTrace = (changes: Partial<RunContext> = {}, id = "abcd1234abcd1234"): Run => ({
  format: "palimpsest.run",
  version: 1,
  id,
  name: "",
  pinned: false,
  context: context(changes),
  result: { kind: "trace", traces: [trace()] },
});

const scoredCase = {
  id: 1,
  prompt: "{} is in",
  subject: "The tower",
  targetNew: "the river",
  targetTrue: "the sea",
  paraphrases: [],
  neighbours: ["The bridge is in"],
  generationPrompts: ["The tower is in"],
};

/** The scores of a case that has no paraphrases. */
export const scored: ScoreResult = {
  kind: "score",
  case: scoredCase,
  before: caseScore(scoredCase, false),
  after: caseScore(scoredCase, true),
  text: [{ prompt: "The tower is in", before: " a", after: " the river" }],
};

/** A kept run of scores. */
export const aScore = (): Run => ({
  ...aTrace({ kind: "score", settings: {} }, "00000000ffff"),
  result: scored,
});

/** An edit of one weight, of rank one. */
export const delta: Delta = {
  provenance: {
    format: "palimpsest.delta",
    version: 1,
    model: "tiny",
    revision: "local",
    method: "toy",
    app: "palimpsest 0.1.0",
    seed: 0,
    hyperparameters: {},
    request: { prompt: "{} is in", subject: "The tower", target: "the river" },
  },
  weights: [
    {
      weight: "transformer.h.0.mlp.output.weight",
      change: { rank: 1, u: Float32Array.of(1, 2, 3), v: Float32Array.of(4, 5) },
      norm: 0.5,
    },
  ],
};
