import type { NpyArray } from "../archive/npy.ts";
import { runLines } from "../figure/FigureAbout.ts";
import type { RunContext } from "../run/RunContext.ts";
import type { Trace } from "./Trace.ts";

/**
 * A trace as the arrays of the authors' `knowledge_{id}{,_mlp,_attn}.npz` (METHODS 2.6), which their
 * plotting code reads. A token that is a part of a character is its bytes, `⟨C3⟩`, where theirs is U+FFFD. Rows of tokens that
 * were not traced are NaN.
 *
 * @param run what it is of, which stands beside them: as JSON in `run`, and each part as a text in `run_…`
 */
export function traceNpz(trace: Trace, run?: RunContext): Record<string, NpyArray> {
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
    ...(run ? runArrays(run) : {}),
  };
}

const integers = (values: number[]): BigInt64Array => BigInt64Array.from(values.map(BigInt));

function runArrays(run: RunContext): Record<string, NpyArray> {
  const text = (value: string): NpyArray => ({ shape: [], dtype: "U", data: [value] });
  const parts = runLines(run).map(([name, value]) => [`run_${name}`, text(value)] as const);
  return { run: text(JSON.stringify(run)), ...Object.fromEntries(parts) };
}
