import { expect, test } from "vitest";
import { neutralStatements, spread } from "../../../src/ui/facts/neutralText.ts";
import { facts } from "../../support/ui/facts.ts";

test("neutral text is true and about none of the table's subjects", () => {
  const table = [{ prompt: "{} is in", subject: " the space needle", target: "Paris" }];
  expect(neutralStatements(facts, table)).toEqual([
    "Wolfgang Amadeus Mozart was born in the city of Salzburg.",
  ]);
  expect(neutralStatements(facts, [])).toHaveLength(2);
});

test("some of a list stand at even distances", () => {
  expect(spread([0, 1, 2, 3, 4, 5], 3)).toEqual([0, 2, 4]);
  expect(spread([0, 1], 5)).toEqual([0, 1]);
});
