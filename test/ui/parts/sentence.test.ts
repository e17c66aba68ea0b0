import { expect, test } from "vitest";
import { asSentence } from "../../../src/ui/parts/sentence.ts";

test.each([
  ["no new target: type it", "No new target: type it."],
  ["config.json is missing", "config.json is missing."],
  ["https://hub.test has no org/none", "https://hub.test has no org/none."],
  ["openai-community/gpt2 may not be read", "openai-community/gpt2 may not be read."],
  ["it fits.", "It fits."],
])("%s", (text, sentence) => {
  expect(asSentence(text)).toBe(sentence);
});
