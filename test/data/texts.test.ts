import { expect, test } from "vitest";
import { parseTexts } from "../../src/data/texts.ts";

test("a text per line, empty lines dropped", () => {
  expect(parseTexts("One.\r\n\n \nTwo = 2 .\n")).toEqual(["One.", "Two = 2 ."]);
});

test("the members of a JSON list", () => {
  expect(parseTexts('["One.\\nStill one.", "", "Two."]')).toEqual(["One.\nStill one.", "Two."]);
});

test("plain text may begin with a bracket", () => {
  expect(parseTexts("[1] A note.\nMore.")).toEqual(["[1] A note.", "More."]);
});

test("what holds no text is refused", () => {
  expect(() => parseTexts(" \n", { what: "a.txt" })).toThrow("a.txt has no text in it");
  expect(() => parseTexts("[1, 2]", { what: "a.json" })).toThrow("a.json is JSON, but not a list of texts");
});
