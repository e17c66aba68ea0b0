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
    ["not a record", [counterFact, 3], "the file of cases, record 2 is 3, expected an object"],
    ["of no known form", [{ case_id: 4 }], "record 1 (case_id 4) is of no known form"],
    [
      "no new target",
      [{ ...easyEdit, target_new: "" }],
      'record 1 (case_id 0): "target_new" is "", expected a text that is not empty',
    ],
    [
      "target without str",
      { ...counterFact, requested_rewrite: { ...counterFact.requested_rewrite, target_new: "Po" } },
      'record 1 (case_id 7): "requested_rewrite.target_new" is "Po", expected an object',
    ],
    [
      "two slots",
      { ...counterFact, requested_rewrite: { ...counterFact.requested_rewrite, prompt: "{} {}" } },
      '"requested_rewrite.prompt" is "{} {}", expected a text with one {} for the subject',
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
      '"neighborhood_prompts" is "Budapest", expected a list',
    ],
    ["a fact without targets", { ...fact, newTargets: [] }, '"newTargets" is a list of 0'],
    ["an empty target", { ...fact, newTargets: [""] }, '"newTargets.0" is "", expected a text'],
    [
      "an empty neighbour",
      { ...fact, neighbours: [" "] },
      '"neighbours.0" is " ", expected a text',
    ],
    ["null for a text", { ...easyEdit, subject: null }, '"subject" is null, expected a text'],
    [
      "an id that is no name",
      { ...easyEdit, case_id: {} },
      '"case_id" is an object, expected a text',
    ],
  ])("%s", (_, json, sentence) => {
    expect(() => parseCases(json)).toThrow(sentence);
  });

  test("with the file, however long its name and its texts", () => {
    const long = {
      ...counterFact,
      case_id: "7".repeat(500),
      paraphrase_prompts: ["x".repeat(1e6)],
    };
    const what = `${"deep/".repeat(50)}cases.json`;
    let sentence = "";
    try {
      parseCases([long], { what });
    } catch (error) {
      sentence = (error as Error).message;
    }
    expect(sentence).toMatch(/cases\.json, record 1 .*"paraphrase_prompts\.0"/);
    expect(sentence.length).toBeLessThanOrEqual(300);
  });

  test("of the page's own facts too", () => {
    expect(() => parseFacts([fact, { ...fact, relation: 1 }])).toThrow(
      'record 2: "relation" is 1, expected a text',
    );
    expect(() => parseFacts(["x"])).toThrow('record 1 is "x", expected an object');
  });
});

test("a study goes on with the records that can be read, and the others are told", () => {
  const { subject, ...without } = easyEdit;
  const { cases, refused } = parseSomeCases([easyEdit, { ...without, case_id: 9 }, fact]);
  expect(cases).toEqual(
    parseCases([easyEdit, fact]).map((one, i) => ({ ...one, id: cases[i].id })),
  );
  expect(refused).toEqual(['the file of cases, record 2 (case_id 9) lacks "subject"']);
  expect(() => parseSomeCases([without])).toThrow('record 1 (case_id 0) lacks "subject"');
});
