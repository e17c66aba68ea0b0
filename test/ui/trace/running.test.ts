import { expect, test } from "vitest";
import type { RunContext, Trace } from "../../../workers/protocol/protocol.ts";
import { finishedSet, withEvent } from "../../../src/ui/trace/running.ts";

const context = { kind: "trace" } as RunContext;
const trace = (kind: Trace["kind"]) =>
  ({
    kind,
    tokens: ["a", "b"],
    spellings: ["a", "b"],
    layers: 2,
    scores: Float32Array.of(0, 1, 2, 3),
  }) as unknown as Trace;

test("the last of what a run reports may come after its result: its figures are of the result", () => {
  const early = withEvent(null, { type: "run", context }, "toy");
  expect(withEvent(early, { type: "done", trace: trace("attn") }, "toy")!.plots).toEqual({});

  const set = finishedSet({ context, traces: [trace("state"), trace("attn")] }, "toy");
  expect(set.context).toBe(context);
  for (const kind of ["state", "attn"] as const) {
    expect(set.plots[kind]!.trace).toEqual(trace(kind));
    expect([...set.plots[kind]!.data.scores]).toEqual([0, 1, 2, 3]);
    expect(set.plots[kind]!.data.model).toBe("toy");
  }
});

test("a token that is a part of a character has the same label under way and when it is done", () => {
  const part = { ...trace("state"), tokens: ["\uFFFD", "b"], spellings: ["⟨C5⟩", "b"] };
  const early = withEvent({ context, plots: {} }, { type: "start", start: part }, "toy")!;
  const done = finishedSet({ context, traces: [part] }, "toy");
  expect(early.plots.state!.data.tokens).toEqual(["⟨C5⟩", "b"]);
  expect(done.plots.state!.data.tokens).toEqual(early.plots.state!.data.tokens);
});
