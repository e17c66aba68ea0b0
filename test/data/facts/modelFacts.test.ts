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
  [null, 'it has no "facts"'],
  [{ facts: [] }, 'it has no "facts"'],
  [{ facts: [null] }, "fact 0 has an unknown kind: undefined (one of continuation, probability,"],
  [{ facts: [{ kind: "toString" }] }, 'fact 0 has an unknown kind: "toString"'],
  [{ facts: [probability] }, 'fact 0 (probability) has an invalid "expected": nothing'],
  [
    {
      facts: [
        { ...probability, expected: 1 },
        { ...probability, expected: "1" },
      ],
    },
    'fact 1 (probability) has an invalid "expected": "1"',
  ],
  [
    { facts: [{ ...probability, expected: 1, prompts: [[1], []] }] },
    'fact 0 (probability) has an invalid "prompts": [[1],[]]',
  ],
  [
    { facts: [{ ...probability, expected: 1, target: [0.5] }] },
    'fact 0 (probability) has an invalid "target": [0.5]',
  ],
  [
    { facts: [{ ...probability, expected: 1, source: "" }] },
    'fact 0 (probability) has an invalid "source": ""',
  ],
  [
    { facts: [{ ...probability, expected: 1, tolerance: "wide" }] },
    'fact 0 (probability) has an invalid "tolerance"',
  ],
])("%j is refused", ([json, sentence]) => {
  expect(() => parseModelFacts(json)).toThrow(sentence);
});
