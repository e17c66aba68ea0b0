import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseFacts } from "../../../src/data/facts/facts.ts";
import { parseJson } from "../../../src/data/outside/readJson.ts";
import { findFacts } from "../../../src/ui/fact/findFacts.ts";

const facts = parseFacts(parseJson(readFileSync("public/facts.json"), "facts.json"));

test("every example is listed, and each is found by the words of its sentence", () => {
  expect(facts).toHaveLength(499);
  expect(findFacts(facts, "")).toHaveLength(499);
  const lost = facts.filter((fact) => {
    const sentence = fact.prompt.replace("{}", () => fact.subject);
    return !findFacts(facts, `${sentence} ${fact.target}`.toUpperCase()).includes(fact);
  });
  expect(lost).toEqual([]);
  expect(findFacts(facts, "no such words anywhere")).toEqual([]);
});
