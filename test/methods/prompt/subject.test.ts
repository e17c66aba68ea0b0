import { expect, test } from "vitest";
import {
  lookupIndex,
  promptTemplate,
  subjectRange,
  subjectSpan,
  type ByteTokenizer,
} from "../../../src/methods/prompt/subject.ts";
import { tinyTokenizer } from "../../support/methods/tiny.ts";

const tokenizer = await tinyTokenizer();

/** Splits before spaces and after every third byte, so that tokens end inside characters. */
const splitting: ByteTokenizer = {
  encode: (text) => Array.from(text.match(/ ?[^ ]+/g) ?? [], (word) => pieces(word)).flat(),
  bytes: (ids) => Array.from(ids, (id) => known[id]),
};
const known: Uint8Array[] = [];
function pieces(word: string): number[] {
  const bytes = new TextEncoder().encode(word);
  const count = Math.ceil(bytes.length / 3);
  return Array.from({ length: count }, (_, i) => known.push(bytes.slice(3 * i, 3 * i + 3)) - 1);
}

/** The text of the tokens [begin, end). */
function textOf(prompt: string, subject: string, occurrence?: number): string {
  const span = subjectSpan(prompt, subject, occurrence);
  const [begin, end] = subjectRange(tokenizer, span);
  return tokenizer.decode(tokenizer.encode(span.text).slice(begin, end));
}

test.each([
  ["The Glass Tower is in the city of", "The Glass Tower", "The Glass Tower"],
  ["In the old town, the Harbour Lamp is", "Harbour Lamp", " Harbour Lamp"],
  ["{} is in the city of", "The Glass Tower", "The Glass Tower"],
  ["We know of Tomas Veen", "Tomas Veen", " Tomas Veen"],
])("the range of the subject in %j is its tokens", (prompt, subject, expected) => {
  expect(textOf(prompt, subject)).toBe(expected);
});

test("a subject in the middle of a word takes the tokens that hold a part of it", () => {
  const span = subjectSpan("abcdefgh ij", "de");
  expect(subjectRange(splitting, span)).toEqual([1, 2]);
  expect(subjectRange(splitting, subjectSpan("abcdefgh ij", "cd"))).toEqual([0, 2]);
});

test("tokens that split a character do not hide the subject (METHODS 2.2 [Q])", () => {
  const span = subjectSpan("In Brno Šťastný lives", "Šťastný");
  const ids = splitting.encode(span.text);
  const [begin, end] = subjectRange(splitting, span, ids);
  const bytes = splitting.bytes(ids.slice(begin, end)).flatMap((part) => [...part]);
  expect(new TextDecoder().decode(Uint8Array.from(bytes))).toBe(" Šťastný");
});

test("of two occurrences the chosen one is taken", () => {
  const prompt = "Rome is not New Rome, she said";
  const second = subjectSpan(prompt, "Rome", 1);
  expect([second.begin, second.end]).toEqual([16, 20]);
  expect(textOf(prompt, "Rome", 0)).toBe("Rome");
});

test.each<[string, Parameters<typeof subjectSpan>, string]>([
  ["the subject not in the prompt", ["Paris is in", "Lyon"], "not in the prompt"],
  ["a subject twice", ["Rome and Rome", "Rome"], "in the prompt 2 times"],
  ["an occurrence too high", ["Rome and Rome", "Rome", 2], "invalid occurrence: 2"],
  ["an empty subject", ["Rome is", ""], "the subject is empty"],
  ["an empty prompt", ["", "Rome"], "the prompt is empty"],
  ["a template with two places", ["{} and {}", "Rome"], "needs one {} for the subject"],
])("refuses %s with a sentence", (_, args, message) => {
  expect(() => subjectSpan(...args)).toThrow(message);
});

test("a prompt with the subject's words becomes a template", () => {
  expect(promptTemplate("The Harbour Lamp is in", "Harbour Lamp")).toBe("The {} is in");
  expect(promptTemplate("The {} is in", "Harbour Lamp")).toBe("The {} is in");
});

/** The authors' rule: the three pieces tokenised separately (METHODS 4.3). */
function separately(template: string, subject: string): number[] {
  const [before, after] = template.split("{}");
  const word = before === "" ? subject : ` ${subject}`;
  return [before.trimEnd(), word, after].map((text) => tokenizer.encode(text).length);
}

test.each(["{} is in the city of", "In the old town, the {} is in", "We know of the {}"])(
  "lookup indices in %j are those of the authors' rule",
  (template) => {
    const subject = "Harbour Lamp";
    const [p, w, s] = separately(template, subject);
    expect(lookupIndex(tokenizer, template, subject)).toBe(p + w - 1);
    expect(lookupIndex(tokenizer, template, subject, "subject_first")).toBe(p);
    expect(lookupIndex(tokenizer, template, subject, "subject_first_after_last")).toBe(
      s > 0 ? p + w : p + w - 1,
    );
    expect(lookupIndex(tokenizer, template, subject, "last")).toBe(p + w + s - 1);
  },
);
