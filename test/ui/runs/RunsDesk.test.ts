import { expect, test, vi } from "vitest";
import { RunsDesk } from "../../../src/ui/runs/RunsDesk.svelte.ts";
import type { RemoteLab } from "../../../workers/connect.ts";
import { aTrace, context, scored, trace } from "../../support/runs.ts";
import { fakeRuns } from "../../support/ui/fakeRuns.ts";

function desk() {
  const lab = fakeRuns();
  const shown = {
    traces: vi.fn(),
    scores: vi.fn(),
    text: vi.fn(),
    table: vi.fn(() => Promise.resolve()),
    study: vi.fn(() => Promise.resolve()),
    open: vi.fn(() => Promise.resolve()),
  };
  const host = { lab: () => lab as RemoteLab["runs"], notify: vi.fn(), kept: vi.fn(), ...shown };
  return { runs: new RunsDesk(host), again: new RunsDesk(host), ...shown };
}

test("what ended is in the history of this and of a later visit, and is shown again as it was", async () => {
  const { runs, again, traces } = desk();
  await runs.traced({ context: context(), traces: [trace()] });
  await again.refresh();
  expect(again.list).toEqual(runs.list);
  expect(runs.list).toMatchObject([{ kind: "trace", title: "The tower → river", on: 0 }]);
  await again.show(again.list[0].id);
  expect(traces).toHaveBeenCalledWith(
    expect.objectContaining({ context: context(), plots: { state: expect.anything() as unknown } }),
  );
  await again.rename(again.list[0].id, " before ");
  await again.pin(again.list[0].id, true);
  await runs.refresh();
  expect(runs.list).toMatchObject([{ name: "before", pinned: true }]);
});

test("two runs that are marked are compared; a third takes the place of the first", async () => {
  const { runs } = desk();
  for (const seed of [10, 11, 12])
    await runs.traced({
      context: context({ begun: `2026-11-21T${seed}:00:00.000Z`, seed }),
      traces: [trace()],
    });
  const [c, b, a] = runs.list.map(({ id }) => id);
  await runs.mark(a);
  expect(runs.pair).toBeNull();
  await runs.mark(b);
  expect(runs.pair?.map(({ id }) => id)).toEqual([a, b]);
  runs.swap();
  expect(runs.pair?.map(({ id }) => id)).toEqual([b, a]);
  await runs.mark(c);
  expect(runs.marked).toEqual([b, c]);
  await runs.remove(c);
  expect([runs.pair, runs.marked]).toEqual([null, [b]]);
});

test("a run that repeats a kept one is kept once; one with other settings or edits is another", async () => {
  const { runs, again } = desk();
  await runs.traced({ context: context(), traces: [trace()] });
  await again.traced({
    context: context({ begun: "2026-11-22T10:00:00.000Z" }),
    traces: [trace()],
  });
  expect(again.list).toEqual(runs.list);
  await again.traced({ context: context({ seed: 77 }), traces: [trace()] });
  const edit = { id: "a", title: "Toy", digest: "ab".repeat(32), strength: 1 };
  await again.traced({ context: context({ edits: [edit] }), traces: [trace()] });
  await again.traced({ context: context({ edits: [{ ...edit, id: "b" }] }), traces: [trace()] });
  await again.traced({
    context: context({ edits: [{ ...edit, strength: 0.5 }] }),
    traces: [trace()],
  });
  expect(again.list).toHaveLength(4);
});

test("scores are kept too, and what cannot be done is said", async () => {
  const { runs, scores } = desk();
  const { kind: _, ...found } = scored;
  const about = context({ kind: "score", settings: {} });
  await runs.scored({ ...found, context: about, tokens: { new: 2, true: 2 } });
  await runs.show(runs.list[0].id);
  expect(scores).toHaveBeenCalledWith({ ...found, context: about, tokens: { new: 2, true: 2 } });
  await runs.show(aTrace().id);
  expect(runs.problem).toContain("no longer kept in this browser");
});

test("tables, texts and studies are kept and go back to their places with what they are of", async () => {
  const { runs, text, table, study } = desk();
  const before = { prompt: "The tower is in", tokens: [], end: "length" as const };
  const asked = {
    context: context({ kind: "text", settings: { topK: 1 } }),
    before,
    after: before,
  };
  await runs.asked(asked);
  const fact = { prompt: "{} is in", subject: "The tower", target: "the river" };
  const facts = [fact, { ...fact, case: scored.case }];
  const { measures } = scored.before;
  const side = {
    answers: facts.map(() => ({ probability: 0.5, greedy: true })),
    measures: [undefined, measures],
  };
  const scoring = { context: context({ kind: "table", settings: { table: "t1" } }), before: side };
  await runs.tabled(scoring, { name: "towers", facts });
  const rows = [{ key: "a", kind: "one", numbers: { x: 1 } }];
  const about = { study: "sweep", seed: 3 };
  const ended = {
    context: context({ kind: "study", settings: {} }),
    result: { kind: "study", about, rows },
  };
  await runs.studied(ended as unknown as Parameters<typeof runs.studied>[0]);
  expect(runs.list.map(({ kind, title }) => [kind, title]).sort()).toEqual([
    ["study", "sweep (1 rows)"],
    ["table", "towers (2)"],
    ["text", "The tower is in"],
  ]);
  for (const { id } of runs.list) await runs.show(id);
  expect(runs.problem).toBe("");
  expect(text).toHaveBeenCalledWith(expect.objectContaining(asked));
  expect(table).toHaveBeenCalledWith(
    scoring.context,
    expect.objectContaining({ name: "towers", facts, before: side }),
  );
  expect(study).toHaveBeenCalledWith(expect.objectContaining({ about, rows }));
});

test("a run of another model opens that model, and one of a folder says which", async () => {
  const { runs, open } = desk();
  const hub = { stamp: "1".repeat(64), precision: "q8", id: "org/model", revision: "a".repeat(40) };
  await runs.traced({ context: context({ model: hub }), traces: [trace()] });
  await runs.openModel(runs.list[0].id);
  expect(open).toHaveBeenCalledWith(`org/model@${"a".repeat(40)}`, "q8");
  await runs.traced({ context: context({ seed: 9 }), traces: [trace()] });
  const own = runs.list.find(({ model }) => model === "tiny")!;
  await runs.openModel(own.id);
  expect(runs.problem).toContain("tiny, was opened from a folder of a computer");
});
