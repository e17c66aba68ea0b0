import { expect, test } from "vitest";
import { parseModelFacts } from "../../../src/data/facts/modelFacts.ts";

const probability = { kind: "probability", source: "a paper", prompts: [[1, 2]], target: [3] };

test("facts are read as they stand", () => {
  const facts = [
    { ...probability, expected: 0.5, tolerance: 0.1 },
    { kind: "tokens", source: "b", text: " ", expected: [220] },
  ];
  expect(parseModelFacts({ facts })).toEqual(facts);
});

test.for<[unknown, string]>([
  [null, 'the file of facts has no "facts"'],
  [{ facts: [] }, 'the file of facts has no "facts"'],
  [
    { facts: [null] },
    'the file of facts: fact 0 has an unknown kind: "nothing" (one of continuation, probability,',
  ],
  [{ facts: [{ kind: "toString" }] }, 'has an unknown kind: "toString"'],
  [{ facts: [probability] }, 'the file of facts: fact 0 lacks "expected"'],
  [
    {
      facts: [
        { ...probability, expected: 1 },
        { ...probability, expected: "1" },
      ],
    },
    'the file of facts: fact 1: "expected" is "1", expected a number',
  ],
  [
    { facts: [{ ...probability, expected: 1, prompts: [[1], []] }] },
    '"prompts.1" is a list of 0, expected a list that is not empty',
  ],
  [
    { facts: [{ ...probability, expected: 1, target: [0.5] }] },
    '"target.0" is 0.5, expected a whole number',
  ],
  [
    { facts: [{ ...probability, expected: 1, source: "" }] },
    '"source" is "", expected a text that is not empty',
  ],
  [
    { facts: [{ ...probability, expected: 1, tolerance: "wide" }] },
    '"tolerance" is "wide", expected a number',
  ],
])("%j is refused", ([json, sentence]) => {
  expect(() => parseModelFacts(json)).toThrow(sentence);
});
