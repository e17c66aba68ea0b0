import { expect, test } from "vitest";
import { plainTrace, readTrace } from "../../../src/data/trace/traceJson.ts";
import { trace as aTrace } from "../../support/runs.ts";

const trace = aTrace({
  kind: "attn",
  tokens: ["The", " �", "�"],
  spellings: ["The", " ⟨C5⟩", "⟨A1⟩"],
  tokenIds: [1, 70000, 3],
  scores: Float32Array.of(0.1, 0.2, NaN, NaN, 1 / 3, 1e-30),
});

const written = () => JSON.parse(JSON.stringify(plainTrace(trace))) as Record<string, unknown>;

test("a trace comes back from JSON number by number, what was not traced too", () => {
  expect(readTrace(written(), "trace.json")).toEqual(trace);
  expect(readTrace({ model: "demo", request: {}, ...written() }, "trace.json")).toEqual(trace);
});

test.each([
  ["scores", [[1, 2]], "trace.json is damaged: its scores do not fill 3 tokens and 2 layers"],
  ["scores", [[1], [1, 2], [1, 2]], "its scores do not fill 3 tokens and 2 layers"],
  ["subjectRange", [1, 9], "its scores do not fill"],
  ["kind", "block", '"kind" is "block", expected state, mlp or attn'],
  ["lowScore", null, '"lowScore" is null, expected a number'],
])("a trace whose %s is %j is refused", (field, value, sentence) => {
  expect(() => readTrace({ ...written(), [field]: value }, "trace.json")).toThrow(sentence);
});
