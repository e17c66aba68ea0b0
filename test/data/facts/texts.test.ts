import { describe, expect, test } from "vitest";
import { detectForm, parseTexts, readTexts, type TextForm } from "../../../src/data/facts/texts.ts";

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
  expect(() => parseTexts("[1, 2]", { what: "a.json" })).toThrow(
    'a.json: "0" is 1, expected a text',
  );
});

const article = (title: string, body: string) => ` = ${title} = \n \n ${body} \n \n`;
const wikitext = ` \n${article("One", "First . \n \n = = Part = = \n \n More .")}${article("Two", "x = y = z")}`;
const wrapped = "A sentence that goes on\nin the next line.\n\nAnother one\nthat does.\n";
const corpora: [TextForm, string, string[]][] = [
  ["wikitext", wikitext, ["First", "x = y"]],
  ["lines", "One.\nTwo.\n\nThree.\n", ["One.", "Two.", "Three."]],
  ["paragraphs", wrapped, ["A sentence that goes on\nin the", "Another one\nthat"]],
  ["json", '["A\\nb", "c"]', ["A\nb", "c"]],
];

describe.each(corpora)("%s", (form, content, parts) => {
  const expectParts = (texts: string[]) => {
    expect(texts).toHaveLength(parts.length);
    parts.forEach((part, i) => expect(texts[i].replaceAll("\r", "")).toContain(part));
  };

  test("is guessed, and cut into its texts", () => {
    expect(detectForm(content)).toBe(form);
    expectParts(parseTexts(content));
    expectParts(parseTexts(content.replaceAll("\n", "\r\n")));
  });

  test.each([1, 7])("in pieces of %i characters is the same", async (size) => {
    expect(await readTexts(chunked(content, size))).toEqual(parseTexts(content));
  });

  test("that is long is cut off before its end is known", async () => {
    const times = form === "json" ? 1 : Math.ceil(2 ** 22 / content.length);
    const long = content.repeat(times);
    expect(await readTexts(chunked(long, 300_007))).toEqual(parseTexts(long));
  });
});

async function* chunked(content: string, size: number) {
  for (let at = 0; at < content.length; at += size) yield content.slice(at, at + size);
  await Promise.resolve();
}

test("a form that is asked for is not guessed", () => {
  expect(parseTexts(wikitext, { form: "lines" })).toHaveLength(6);
  expect(() => parseTexts("One.", { form: "json", what: "a.txt" })).toThrow(
    "a.txt is not JSON: Unexpected token 'O'",
  );
});
