import { expect, test } from "vitest";
import { chosenRows, contradictions, doubledAt, factRows } from "../../../src/ui/mass/factRows.ts";

const fact = (prompt: string, subject: string, target = "Paris") => ({ prompt, subject, target });

test("a row has the words before and after its subject, from a template or from its words", () => {
  const [first, second] = factRows([fact("I saw {} in", "Rome"), fact("I saw Rome in", "Rome")]);
  for (const row of [first, second]) expect(row).toMatchObject({ before: "I saw ", after: " in" });
});

test("a subject that is not once in its prompt is refused with the fact's number", () => {
  expect(() => factRows([fact("{} is", "a"), fact("Rome is", "Oslo")])).toThrow(
    "fact 2 has its subject “Oslo” 0 times in the prompt “Rome is”, not once",
  );
  expect(() => factRows([fact("Rome, Rome", "Rome")])).toThrow("2 times");
  expect(() => factRows([fact("{} and {}", "Rome")])).toThrow("fact 1 has 2 {} in its prompt");
});

test("the same words with another target are told of", () => {
  const rows = factRows([
    fact("{} is", "Rome"),
    fact("Rome is", "Rome", "Oslo"),
    fact("{} is", "Rome"),
  ]);
  expect(contradictions(rows)).toEqual([2]);
});

test("rows are chosen by stage and by what greedy text says, and put in order", () => {
  const rows = factRows(["a", "b", "c"].map((subject) => fact("{} is", subject)));
  const now = [0.9, 0.2, 0.5].map((probability) => ({ probability, greedy: probability > 0.4 }));
  const done = rows.map((row, i) => ({ ...row, now: now[i], steps: i, stage: "written" as const }));
  const numbers = (...options: Parameters<typeof chosenRows>) =>
    chosenRows(...options).map(({ number }) => number);
  expect(numbers(done, { stage: "all", order: "p" })).toEqual([2, 3, 1]);
  expect(numbers(done, { stage: "all", order: "steps" })).toEqual([3, 2, 1]);
  expect(numbers(done, { stage: "missed", order: "table" })).toEqual([2]);
  expect(numbers(done, { stage: "waiting", order: "table" })).toEqual([]);
});

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
