import { expect, test } from "vitest";
import { doubledAt } from "../../../src/ui/facts/factRows.ts";

test("a perplexity that has doubled is found, also where it is beyond all numbers", () => {
  const steps = [11, undefined, 19, 21].map((perplexity, fact) => ({
    fact,
    probability: 1,
    relativeNorm: 0,
    ...(perplexity !== undefined && { perplexity }),
  }));
  expect(doubledAt(steps, 10)).toBe(4);
  expect(doubledAt(steps, 12)).toBeUndefined();
  expect(doubledAt([{ ...steps[0], perplexity: Infinity }], 10)).toBe(1);
});
