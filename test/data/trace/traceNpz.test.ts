import { expect, test } from "vitest";
import { readNpz, writeNpz } from "../../../src/data/archive/npz.ts";
import { traceNpz } from "../../../src/data/trace/traceNpz.ts";
import { trace as aTrace } from "../../support/runs.ts";

const trace = aTrace({
  kind: "mlp",
  window: 10,
  tokens: ["The", "\ufffd", " is"],
  spellings: ["The", "⟨C5⟩", " is"],
  tokenIds: [1, 70000, 3],
  answer: " Seattle",
});

test("an exported trace has the members, shapes and types of METHODS 2.6", () => {
  const read = readNpz(writeNpz(traceNpz(trace)));
  const kinds = Object.entries(read).map(([name, { dtype, shape }]) => [name, dtype, shape]);
  expect(kinds).toEqual([
    ["scores", "f4", [3, 2]],
    ["low_score", "f8", []],
    ["high_score", "f4", []],
    ["input_ids", "i8", [3]],
    ["input_tokens", "U", [3]],
    ["subject_range", "i8", [2]],
    ["answer", "U", []],
    ["window", "i8", []],
    ["correct_prediction", "b1", []],
    ["kind", "U", []],
  ]);
  expect(read.input_tokens.data).toEqual(trace.spellings);
  expect(read.input_ids.data).toEqual(BigInt64Array.of(1n, 70000n, 3n));
  expect(read.answer.data).toEqual([" Seattle"]);
  expect(read.correct_prediction.data).toEqual(Uint8Array.of(1));
  expect(read.kind.data).toEqual(["mlp"]);
});

test("states have the empty kind", () => {
  expect(traceNpz({ ...trace, kind: "state" }).kind.data).toEqual([""]);
});
