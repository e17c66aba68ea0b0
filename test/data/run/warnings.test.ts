import { expect, test } from "vitest";
import { runWarnings } from "../../../src/data/run/warnings.ts";

test("a usual run has no warning", () => {
  expect(runWarnings({ prompt: "The tower is in", relativeNorm: 0.1, statistics: [3] })).toEqual(
    [],
  );
  expect(runWarnings({})).toEqual([]);
});

test("what is known to mislead is said, a sentence each", () => {
  expect(runWarnings({ prompt: "The tower is in " })[0]).toMatch(/^The prompt ends in a space/);
  expect(runWarnings({ relativeNorm: 129 })[0]).toMatch(/^The change is 130 times/);
  expect(runWarnings({ statistics: [] })[0]).toMatch(/C = I/);
  expect(runWarnings({ prompt: "a ", relativeNorm: 2, statistics: [] })).toHaveLength(3);
});
