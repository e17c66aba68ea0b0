import { expect, test } from "vitest";
import type { Case } from "../../../src/data/facts/facts.ts";
import { withOtherFacts } from "../../../src/data/facts/otherFacts.ts";

const about = (subject: string, prompt: string, targetTrue: string): Case => ({
  id: `${subject} ${prompt}`,
  prompt,
  subject,
  targetNew: "x",
  targetTrue,
  paraphrases: [],
  neighbours: [],
  generationPrompts: [],
});
const othersOf = (cases: Case[]) => withOtherFacts(cases).map(({ otherFacts }) => otherFacts);

test("a case has what the others state about its subject", () => {
  const cases = [
    about("Ada", "{} speaks", "English"),
    about("Ada", "{} works as", "engineer"),
    about("Bo", "{} speaks", "Danish"),
  ];
  expect(othersOf(cases)).toEqual([
    [{ prompt: "Ada works as", target: "engineer" }],
    [{ prompt: "Ada speaks", target: "English" }],
    undefined,
  ]);
});

test("not the same fact in other words, nor what has two answers", () => {
  const cases = [
    about("Ada", "{} speaks", "English"),
    about("Ada", "The mother tongue of {} is", "English"),
    about("Ada", "{} was born in", "London"),
    about("Ada", "{} was born in", "Paris"),
  ];
  expect(othersOf(cases)[0]).toBeUndefined();
});

test("a case's own list counts", () => {
  const own = { ...about("Ada", "{} speaks", "English"), otherFacts: [] };
  expect(othersOf([own, about("Ada", "{} works as", "engineer")])[0]).toEqual([]);
});
