import { beforeEach, expect, test } from "vitest";
import { Draft } from "../../../src/ui/fact/Draft.svelte.ts";
import { Job } from "../../../src/ui/parts/Job.svelte.ts";
import { TraceDesk } from "../../../src/ui/trace/TraceDesk.svelte.ts";
import { FakeLab } from "../../support/ui/FakeLab.ts";

let lab: FakeLab;
let desk: TraceDesk;
let draft: Draft;
/** Called at every token of a run. */
let onProgress: () => void;

beforeEach(async () => {
  lab = new FakeLab();
  const model = await lab.load(1, { source: { kind: "demo" } }, () => undefined);
  const job = new Job();
  let id = 1;
  draft = new Draft();
  draft.prompt = "The Space Needle is in the city of";
  draft.nameSubject("The Space Needle");
  onProgress = () => undefined;
  desk = new TraceDesk({
    lab: () => lab.tracing,
    // As the session's: a run that fails or is cancelled has no result.
    run: async (stage, work) => {
      job.begin(++id, stage);
      const found = await work(id).catch(() => undefined);
      job.end();
      return found;
    },
    job,
    callback: (call) =>
      ((...values) => {
        call(...values);
        onProgress();
      }) as typeof call,
    model: () => model,
    draft,
    now: () => ({ model: model.identity, edits: [] }),
  });
});

test("the figures are of one run, and what the form says otherwise is named", async () => {
  draft.nameSubject("Space Needle");
  await desk.trace();
  expect(Object.keys(desk.shown!.plots)).toEqual(["state", "mlp", "attn"]);
  expect(desk.differences).toEqual([]);
  draft.nameSubject("The Space Needle");
  draft.replace = true;
  expect(desk.differences).toContain("the subject");
  expect(desk.differences).toHaveLength(2);
});

test("a run that is cancelled leaves the figures of the one before, whole", async () => {
  await desk.trace();
  const before = desk.shown;
  let half = 0;
  onProgress = () => {
    if (++half === 12) void lab.cancel(3);
  };
  const cancelled = desk.trace();
  await cancelled;
  expect(half).toBeGreaterThanOrEqual(12);
  expect(desk.running).toBeNull();
  expect(desk.set).toBe(before);
});

test("a run that fails leaves the figures of the one before", async () => {
  await desk.trace();
  const before = desk.shown;
  lab.tracing.run = () => Promise.reject(new Error("the prompt has 188 tokens"));
  await desk.trace();
  expect(desk.set).toBe(before);
});
