import { expect, test } from "vitest";
import { occurrences, reviseRange, trimRange } from "../../../src/ui/fact/markedRange.ts";

const prompt = "The Space Needle is in";
const needle = { begin: 4, end: 16 };

/** The marked words after the prompt became `after`. */
function marked(after: string, range = needle) {
  const revised = reviseRange(prompt, after, range);
  return revised && after.slice(revised.begin, revised.end);
}

test("a mark moves with the words around it", () => {
  expect(marked("Today the Space Needle is in")).toBe("Space Needle");
  expect(marked("The Space Needle stands in")).toBe("Space Needle");
  expect(marked("The old Space Needle is in")).toBe("Space Needle");
});

test("a mark grows and shrinks with what is typed inside it", () => {
  expect(marked("The Space-Needle is in")).toBe("Space-Needle");
  expect(marked("The Sp Needle is in")).toBe("Sp Needle");
  expect(marked("The Space Needles is in")).toBe("Space Needles");
});

test("typing over a marked subject renames it, letter by letter", () => {
  const first = "The B is in";
  const begun = reviseRange(prompt, first, needle)!;
  expect(begun).toEqual({ begin: 4, end: 5 });
  expect(reviseRange(first, "The Bi is in", begun)).toEqual({ begin: 4, end: 6 });
});

test("a subject that was deleted leaves a place where the next is typed", () => {
  const gone = "The  is in";
  const empty = reviseRange(prompt, gone, needle)!;
  expect(empty).toEqual({ begin: 4, end: 4 });
  expect(reviseRange(gone, "The X is in", empty)).toEqual({ begin: 4, end: 5 });
});

test("replacing more than the subject takes the mark away", () => {
  expect(marked("Big Ben stands in")).toBeNull();
});

test("white space at the ends of a selection is no part of the subject", () => {
  expect(trimRange(prompt, { begin: 3, end: 17 })).toEqual(needle);
  expect(trimRange("a   b", { begin: 1, end: 4 })).toEqual({ begin: 4, end: 4 });
});

test("every occurrence of a subject is found, also where two overlap", () => {
  expect(occurrences("Paris is Paris", "Paris").map(({ begin }) => begin)).toEqual([0, 9]);
  expect(occurrences("anana", "ana")).toHaveLength(2);
  expect(occurrences(prompt, "Paris")).toEqual([]);
  expect(occurrences(prompt, "")).toEqual([]);
});
