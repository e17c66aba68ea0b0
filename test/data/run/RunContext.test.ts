import { expect, test } from "vitest";
import packageJson from "../../../package.json" with { type: "json" };
import { checkRunContext, type RunContext } from "../../../src/data/run/RunContext.ts";
import { runDifferences } from "../../../src/data/run/runDifferences.ts";
import { version } from "../../../src/data/run/version.ts";

const [a, b] = ["1f", "2e"].map((hex) => hex.repeat(32));
const edit = { id: "e1", title: "ROME: The Space Needle, Paris", digest: b, strength: 1 };
const run: RunContext = {
  kind: "trace",
  model: { stamp: a, precision: "f32", id: "demo", revision: "2026-11" },
  edits: [edit],
  fact: { prompt: "{} is in the city of", subject: "The Space Needle" },
  settings: { window: 3, samples: 10, noise: { kind: "sigma", factor: 3 } },
  seed: 1,
  sigma: { value: 0.0617, set: "the 499 facts of the built-in model", subjects: 480 },
  version,
  begun: "2026-11-21T10:00:00.000Z",
};

test("a run's version is the package's", () => expect(version).toBe(packageJson.version));

test("a context comes back from JSON, and further entries stay", () => {
  const read: unknown = JSON.parse(JSON.stringify({ ...run, note: "kept" }));
  expect(checkRunContext(read, "trace.json")).toEqual({ ...run, note: "kept" });
});

test.each([
  [{ ...run, kind: "dance" }, '"kind" is "dance"'],
  [{ ...run, model: { ...run.model, stamp: "x" } }, '"model.stamp" is "x"'],
  [{ ...run, edits: [{ ...edit, strength: "1" }] }, '"edits.0.strength" is "1"'],
  [{ ...run, begun: "yesterday" }, '"begun" is "yesterday"'],
  [{ ...run, seed: -1 }, '"seed" is -1'],
])("what is no context is told by its entry", (value, sentence) => {
  expect(() => checkRunContext(value, "trace.json")).toThrow(sentence);
});

test("the same run differs in nothing, whatever its edits are called here", () => {
  expect(runDifferences(run, run)).toEqual([]);
  const renamed = { ...run, edits: [{ ...edit, id: "other", title: "other" }] };
  expect(runDifferences(run, renamed)).toEqual([]);
  const none = { ...edit, digest: a, strength: 0 };
  expect(runDifferences(run, { ...run, edits: [none, edit] })).toEqual([]);
});

test.each<[string, Partial<RunContext>]>([
  ["the model", { model: { ...run.model, stamp: b } }],
  ["the model’s precision", { model: { ...run.model, precision: "q4" } }],
  ["the edits", { edits: [] }],
  ["the edits", { edits: [{ ...edit, strength: 0.5 }] }],
  ["the prompt", { fact: { ...run.fact!, prompt: "{} stands in" } }],
  ["the answer followed", { fact: { ...run.fact!, answer: "Paris" } }],
  ["the subject", { fact: { prompt: "The {} is in the city of", subject: "Space Needle" } }],
  ["the window", { settings: { ...run.settings, window: 5 } }],
  ["the noise", { settings: { ...run.settings, noise: { kind: "level", level: 0.1 } } }],
  ["the seed", { seed: 2 }],
])("%s that is another is named", (word, change) => {
  expect(runDifferences(run, { ...run, ...change })).toEqual([word]);
});
