import { expect, test } from "vitest";
import { jointWords, perTokenWords } from "../../../src/data/score/severalTokens.ts";

test("p of several tokens is named, p of one needs no name", () => {
  expect([jointWords(1), perTokenWords(1)]).toEqual(["", ""]);
  expect(jointWords(3)).toBe("joint, 3 tokens");
  expect(perTokenWords(2)).toBe("per token, geometric mean of 2");
});
