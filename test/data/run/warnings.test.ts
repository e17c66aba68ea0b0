import { expect, test } from "vitest";
import { doubtfulOf, runWarnings } from "../../../src/data/run/warnings.ts";

const edit = {
  prompt: "In {} is",
  subject: "Rome",
  relativeNorm: 0.1,
  precision: "f32",
  statistics: [{ layer: 3, precision: "f32" }],
  settings: { keyMode: "code", covariance: "C" },
  measures: [{ name: "keyRatio", value: 0.9 }],
};

test("a usual run has no warning", () => {
  expect(runWarnings(edit)).toEqual([]);
  expect(runWarnings({})).toEqual([]);
});

test("a prompt that ends in a space, wherever the space comes from", () => {
  const said = /^The prompt ends in a space.*Take the space away\.$/;
  expect(runWarnings({ prompt: "{} is in ", subject: "Rome" })).toEqual([
    expect.stringMatching(said),
  ]);
  expect(runWarnings({ prompt: "This is {}", subject: "Rome\n" })).toHaveLength(1);
  expect(runWarnings({ prompt: "{} is in", subject: "Rome" })).toEqual([]);
});

test("a change larger than the matrix", () => {
  expect(runWarnings({ relativeNorm: 129 })).toEqual([
    expect.stringMatching(/^The change is 130 times as large .* nearer to the preset\.$/),
  ]);
});

test("C = I, of a method that could have read C", () => {
  const settings = { covariance: "I" };
  expect(runWarnings({ ...edit, statistics: [], settings })).toEqual([
    expect.stringMatching(/^No covariance statistics were read \(C = I\)/),
  ]);
  expect(runWarnings({ ...edit, statistics: [], settings: {} })).toEqual([]);
});

test("statistics that were collected in another precision", () => {
  const statistics = [{ layer: 3, precision: "q4" }, { layer: 4 }, { layer: 5, precision: "q4" }];
  expect(runWarnings({ ...edit, statistics })).toEqual([
    expect.stringMatching(/^The covariance statistics of layer 3, 5 .* in q4, .* open in f32/),
  ]);
  expect(runWarnings({ ...edit, statistics, precision: "q4" })).toEqual([]);
});

test("a subject that begins the prompt, where the key is the published one", () => {
  const begins = { ...edit, prompt: "{} is in" };
  const warning = "the bare key is far from the mean key";
  const ratio = (value: number) => [{ name: "keyRatio", value, ...(value < 0.5 && { warning }) }];
  expect(runWarnings({ ...begins, measures: ratio(0.93) })).toEqual([
    expect.stringMatching(/^The subject begins .* \(k₀·u\/k̄·u 0\.93\): .* does so little/),
  ]);
  expect(runWarnings({ ...begins, measures: ratio(0.13) })).toEqual([
    expect.stringMatching(
      /^The subject begins .* overshoots .* take the mean key \(the other key mode\)\.$/,
    ),
  ]);
  expect(runWarnings({ ...edit, measures: ratio(0.13) })).toEqual([
    "The bare key is far from the mean key.",
  ]);
  expect(runWarnings({ ...begins, settings: { keyMode: "mean" } })).toEqual([]);
});

test("a run's context tells what may mislead", () => {
  const model = { stamp: "", precision: "q8", id: "", revision: "" };
  const fact = { prompt: "{} is ", subject: "Rome" };
  const rest = { kind: "trace" as const, edits: [], seed: 0, version: "", begun: "" };
  const doubtful = doubtfulOf({ ...rest, model, fact, settings: {} });
  expect(doubtful).toMatchObject({ prompt: "{} is ", precision: "q8" });
  expect(runWarnings(doubtful)).toHaveLength(1);
});
