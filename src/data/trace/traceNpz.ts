import type { NpyArray } from "../archive/npy.ts";
import type { Trace } from "./Trace.ts";

/**
 * A trace as the arrays of the authors' `knowledge_{id}{,_mlp,_attn}.npz` (METHODS 2.6), which their
 * plotting code reads. A token that is a part of a character is its bytes, `⟨C3⟩`, where theirs is U+FFFD. Rows of tokens that were not traced are NaN.
 */
export function traceNpz(trace: Trace): Record<string, NpyArray> {
  const tokens = trace.tokenIds.length;
  return {
    scores: { shape: [tokens, trace.layers], dtype: "f4", data: trace.scores },
    low_score: { shape: [], dtype: "f8", data: Float64Array.of(trace.lowScore) },
    high_score: { shape: [], dtype: "f4", data: Float32Array.of(trace.highScore) },
    input_ids: { shape: [tokens], dtype: "i8", data: integers(trace.tokenIds) },
    input_tokens: { shape: [tokens], dtype: "U", data: trace.spellings },
    subject_range: { shape: [2], dtype: "i8", data: integers(trace.subjectRange) },
    answer: { shape: [], dtype: "U", data: [trace.answer] },
    window: { shape: [], dtype: "i8", data: integers([trace.window]) },
    correct_prediction: {
      shape: [],
      dtype: "b1",
      data: Uint8Array.of(trace.correctPrediction ? 1 : 0),
    },
    kind: { shape: [], dtype: "U", data: [trace.kind === "state" ? "" : trace.kind] },
  };
}

const integers = (values: number[]): BigInt64Array => BigInt64Array.from(values.map(BigInt));
