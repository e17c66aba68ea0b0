import { expect, test } from "vitest";
import { answerIn } from "../../../src/methods/prompt/wholeAnswer.ts";

test.each([
  [" Pisa, in Italy", "Pisa"],
  [" San Francisco. It", "San Francisco"],
  [" Paris.", "Paris"],
  [" the United States of America and the", "the United States of America"],
  [" New York City in the", "New York City"],
  [" Rio de Janeiro where he", "Rio de Janeiro"],
  [" politician who led", "politician"],
  [" a city in the south", "a city"],
  [" J. R. R. Tolkien, who", "J. R. R. Tolkien"],
  [" London\n\nThe", "London"],
  [" 1876 by the", "1876"],
])("of “%s” the answer is %s", (text, answer) => {
  expect(answerIn(text)).toMatchObject({ answer, ended: true });
});

test.each([
  ["", ""],
  [" ", ""],
  [" San", "San"],
  [" San Fran", "San Fran"],
  [" Rio de", "Rio"],
])("“%s” may go on", (text, answer) => {
  expect(answerIn(text)).toEqual({ answer, ended: false });
});
