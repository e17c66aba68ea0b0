import { expect, test } from "vitest";
import { printable, shown } from "../../../src/data/outside/shown.ts";

test("ordinary text stays as it is, in any script", () => {
  expect(shown("h.3.mlp.c_proj.weight")).toBe("h.3.mlp.c_proj.weight");
  expect(shown(" Štastný 🌉")).toBe(" Štastný 🌉");
});

test.each([
  ["a\u001b[2Jb", String.raw`a\u001b[2Jb`],
  ["a\nb\tc\r", String.raw`a\nb\tc\r`],
  ["a\u202eb\u2066c", String.raw`a\u202eb\u2066c`],
  ["a\u0000b\u009bc\u007f", String.raw`a\u0000b\u009bc\u007f`],
  ["a\ud800b", String.raw`a\ud800b`],
  ["a\u{e0041}b", String.raw`a\u{e0041}b`],
])("what moves a terminal or turns text round is shown as an escape: %j", (text, expected) => {
  expect(shown(text)).toBe(expected);
});

test("what is too long is cut in the middle, at any length of the escapes", () => {
  expect(shown("abcdefghij", 7)).toBe("abc…hij");
  expect(Array.from(shown("\u0001".repeat(50)))).toHaveLength(60);
  expect(Array.from(shown("x".repeat(2 ** 20)))).toHaveLength(60);
});

test("what is no text is named by what it is", () => {
  expect([undefined, null, 3, NaN, [1, 2], {}, 5n].map((value) => shown(value))).toEqual([
    "nothing",
    "null",
    "3",
    "not a number",
    "a list of 2",
    "an object",
    "5",
  ]);
});

test("what a terminal gets keeps its lines and no other control character", () => {
  expect(printable("a\tb\nc\r\u001b[2J\u009b2J\u202e")).toBe(
    String.raw`a	b
c\r\u001b[2J\u009b2J\u202e`,
  );
  const value = { text: "\u001b\u009b\u2028\u200b", line: 1 };
  expect(JSON.parse(printable(JSON.stringify(value, undefined, 2)))).toEqual(value);
});
