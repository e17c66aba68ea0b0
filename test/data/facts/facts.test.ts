import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseCases, parseFacts, parseSomeCases } from "../../../src/data/facts/facts.ts";

const counterFact = {
  case_id: 7,
  pararel_idx: 11,
  requested_rewrite: {
    prompt: "The river through {} is the",
    relation_id: "P1",
    target_new: { str: "Po", id: "Q1" },
    target_true: { str: "Danube", id: "Q2" },
    subject: "Vienna",
  },
  paraphrase_prompts: ["A sentence before. Vienna lies on the"],
  neighborhood_prompts: ["Budapest lies on the", "The river through Linz is the"],
  attribute_prompts: ["Turin lies on the"],
  generation_prompts: ["Vienna is known for", "Vienna is known for"],
};
const easyEdit = {
  case_id: 0,
  prompt: "The river through Vienna is the",
  target_new: "Po",
  subject: "Vienna",
  ground_truth: "Danube",
  rephrase_prompt: "Vienna lies on the",
  locality_prompt: "Budapest lies on the",
  locality_ground_truth: "Danube",
};
const fact = {
  id: "vienna-river",
  relation: "river",
  subject: "Vienna",
  prompt: "The river through {} is the",
  paraphrases: ["{} lies on the", "Ships reach Vienna by the"],
  target: "Danube",
  newTargets: ["Po", "Rhine"],
  neighbours: ["Budapest lies on the"],
};

describe("the three forms", () => {
  const shared = {
    prompt: "The river through {} is the",
    subject: "Vienna",
    targetNew: "Po",
    targetTrue: "Danube",
  };

  test("ROME's CounterFact record, alone or in a list", () => {
    const expected = {
      ...shared,
      id: 7,
      paraphrases: ["A sentence before. Vienna lies on the"],
      neighbours: ["Budapest lies on the", "The river through Linz is the"],
      generationPrompts: ["Vienna is known for", "Vienna is known for"],
    };
    expect(parseCases(counterFact)).toEqual([expected]);
    expect(parseCases([counterFact, counterFact])).toEqual([expected, expected]);
  });

  test("EasyEdit's compact record", () => {
    expect(parseCases([easyEdit])).toEqual([
      {
        ...shared,
        id: 0,
        paraphrases: ["Vienna lies on the"],
        neighbours: ["Budapest lies on the"],
        generationPrompts: [],
      },
    ]);
  });

  test("a locality prompt with another answer is no neighbour", () => {
    const other = { ...easyEdit, locality_ground_truth: "Seine" };
    expect(parseCases(other)[0].neighbours).toEqual([]);
  });

  test("this project's facts: the first new target, paraphrases complete", () => {
    expect(parseCases({ facts: [fact] })).toEqual([
      {
        ...shared,
        id: "vienna-river",
        paraphrases: ["Vienna lies on the", "Ships reach Vienna by the"],
        neighbours: ["Budapest lies on the"],
        generationPrompts: [],
      },
    ]);
    expect(parseFacts([fact])).toEqual([fact]);
  });

  test("public/facts.json, every record", () => {
    const path = new URL("../../../public/facts.json", import.meta.url);
    const json: unknown = JSON.parse(readFileSync(path, "utf8"));
    expect(parseFacts(json).length).toBeGreaterThanOrEqual(300);
    const cases = parseCases(json);
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
    expect(cases.filter(({ targetNew, targetTrue }) => targetNew === targetTrue)).toEqual([]);
    expect(cases.filter(({ paraphrases }) => paraphrases.join().includes("{}"))).toEqual([]);
  });

  test("a subject with $& in it is taken literally", () => {
    const odd = { ...fact, subject: "A$AP $& Rocky" };
    expect(parseCases([odd])[0].paraphrases[0]).toBe("A$AP $& Rocky lies on the");
  });
});

describe("the first bad record is named", () => {
  test.each([
    ["no record at all", [], "holds no records"],
    ["not a record", [counterFact, 3], "record 1 is not an object"],
    ["of no known form", [{ case_id: 4 }], "record 0 (case_id 4) is of no known form"],
    [
      "no new target",
      [{ ...easyEdit, target_new: "" }],
      'record 0 (case_id 0) has no text in "target_new"',
    ],
    [
      "target without str",
      { ...counterFact, requested_rewrite: { ...counterFact.requested_rewrite, target_new: "Po" } },
      'record 0 (case_id 7) has no "target_new"',
    ],
    [
      "two slots",
      { ...counterFact, requested_rewrite: { ...counterFact.requested_rewrite, prompt: "{} {}" } },
      'needs exactly one {} for the subject in its "prompt": "{} {}"',
    ],
    [
      "the subject is not in the prompt",
      { ...easyEdit, subject: "Graz" },
      'has its subject "Graz" 0 times in the prompt',
    ],
    [
      "the subject is there twice",
      { ...easyEdit, prompt: "Vienna, Vienna is on the" },
      'has its subject "Vienna" 2 times',
    ],
    [
      "neighbours that are no list",
      { ...counterFact, neighborhood_prompts: "Budapest" },
      'has a "neighborhood_prompts" that is not a list of texts',
    ],
    ["a fact without targets", { ...fact, newTargets: [] }, 'no target in "newTargets"'],
  ])("%s", (_, json, sentence) => {
    expect(() => parseCases(json)).toThrow(sentence);
  });

  test("of the page's own facts too", () => {
    expect(() => parseFacts([fact, { ...fact, relation: 1 }])).toThrow(
      'record 1 has no text in "relation"',
    );
    expect(() => parseFacts(["x"])).toThrow("record 0 is not an object");
  });
});

test("a study goes on with the records that can be read, and the others are told", () => {
  const { subject, ...without } = easyEdit;
  const { cases, refused } = parseSomeCases([easyEdit, { ...without, case_id: 9 }, fact]);
  expect(cases).toEqual(
    parseCases([easyEdit, fact]).map((one, i) => ({ ...one, id: cases[i].id })),
  );
  expect(refused).toEqual(['record 1 (case_id 9) has no text in "subject"']);
  expect(() => parseSomeCases([without])).toThrow('record 0 (case_id 0) has no text in "subject"');
});
