import type { TraceKind } from "./TraceRequest.ts";

/** What a trace found. Scores are probabilities, or what another readout says; subtract `lowScore` for the indirect effect. */
export interface Trace {
  kind: TraceKind;
  window: number;
  /** Each decoded alone, as the authors have them: a part of a character is U+FFFD; not for a reader. */
  tokens: string[];
  /** As a reader is shown them: a token that is not UTF-8 by itself shows its bytes. */
  spellings: string[];
  tokenIds: number[];
  /** Tokens [begin, end) of the subject. */
  subjectRange: [number, number];
  answer: string;
  answerIds: number[];
  /** p(answer), clean; for several tokens their joint probability. */
  highScore: number;
  /** p(answer) with the subject corrupted and nothing restored: the mean over the samples. */
  lowScore: number;
  /** [token, layer]; NaN in the rows of tokens that were not asked for. */
  scores: Float32Array;
  noiseLevel: number;
  layers: number;
  /** Whether the answer is what the model says by itself (METHODS 2.3). */
  correctPrediction: boolean;
  /** What the trace cost, in block-token evaluations. */
  blockTokens: number;
}

/** What a trace is known to be before the first value is put back: all that a figure of it needs but its scores. */
export type TraceStart = Pick<
  Trace,
  | "kind"
  | "window"
  | "tokens"
  | "spellings"
  | "tokenIds"
  | "subjectRange"
  | "answer"
  | "layers"
  | "highScore"
  | "lowScore"
>;
