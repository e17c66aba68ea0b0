import { expect, test } from "vitest";
import { ngramEntropy } from "../../../src/methods/score/ngramEntropy.ts";
import { words } from "../../../src/methods/prompt/words.ts";

// The right sides are what NLTK's word_tokenize gives, but for the quotes, which it writes `` and ''.
test.each([
  ["Good muffins cost $3.88 in New York.", "Good muffins cost $ 3.88 in New York ."],
  ["They'll save and invest more.", "They 'll save and invest more ."],
  ["I don't know Anna's sister!", "I do n't know Anna 's sister !"],
  ["It cost 1,000 crowns; really?", "It cost 1,000 crowns ; really ?"],
  ["The U.S. army came. It left.", "The U.S. army came . It left ."],
  ['He said "yes", twice.', 'He said " yes " , twice .'],
  ["Well... no -- (maybe)", "Well ... no -- ( maybe )"],
  ["a well-known fact: at 10:30", "a well-known fact : at 10:30"],
])("words of %j", (text, expected) => {
  expect(words(text).join(" ")).toBe(expected);
});

test("a text without words has none, and no entropy", () => {
  expect(words(" \n ")).toEqual([]);
  expect(ngramEntropy("")).toBe(0);
});

test("entropy of repeated and of distinct words", () => {
  expect(ngramEntropy("go go go go go")).toBe(0);
  // Eight words: seven bigrams and six trigrams, all different.
  const expected = ((2 / 3) * Math.log2(7) + (4 / 3) * Math.log2(6)) / 2;
  expect([ngramEntropy("one two three four five six seven eight")]).toBeAllclose([expected]);
});
