import { expect, test } from "vitest";
import { commonStart, differing } from "../../../src/data/ask/differing.ts";

test("what has no counterpart is marked, and words that come back are not", () => {
  expect(differing([1, 2, 3, 4], [1, 9, 8, 3, 4])).toEqual({
    before: [false, true, false, false],
    after: [false, true, true, false, false],
  });
});

test.each([
  [[], []],
  [[1, 2], []],
  [
    [1, 2, 3],
    [1, 2, 3],
  ],
  [
    [1, 2],
    [3, 4],
  ],
])("%j and %j", (before, after) => {
  const same = before.join() === after.join();
  expect(differing(before, after)).toEqual({
    before: before.map(() => !same),
    after: after.map(() => !same),
  });
});

test("the unmarked tokens of both are the same list", () => {
  const list = (seed: number) => Array.from({ length: 60 }, (_, i) => (i * seed * 7919) % 11);
  const [a, b] = [list(3), list(5)];
  const marks = differing(a, b);
  const kept = a.filter((_, i) => !marks.before[i]);
  expect(kept).toEqual(b.filter((_, i) => !marks.after[i]));
  expect(kept.length).toBeGreaterThan(5);
});

test("how many tokens two texts begin with in common", () => {
  expect(commonStart([1, 2, 3], [1, 2, 4])).toBe(2);
  expect(commonStart([1], [1, 2])).toBe(1);
  expect(commonStart([], [1])).toBe(0);
});
