import { expect, test } from "vitest";
import { pythonShuffle } from "../../../src/methods/random/pythonRandom.ts";

test("random.Random(1).shuffle(range(10)) of METHODS appendix A", () => {
  expect(pythonShuffle(10, 1)).toEqual([6, 8, 9, 7, 5, 3, 0, 4, 1, 2]);
});

test("random.Random(1).shuffle(range(1000)) of METHODS appendix A", () => {
  expect(pythonShuffle(1000, 1).slice(0, 8)).toEqual([852, 836, 280, 575, 208, 609, 932, 725]);
});

test("a list of one or none stays as it is", () => {
  expect(pythonShuffle(1, 1)).toEqual([0]);
  expect(pythonShuffle(0, 1)).toEqual([]);
});
