import { expect, test } from "vitest";
import { piecesOf, textOf } from "../../../src/data/ask/ContinuedText.ts";
import { tokenizerTexts } from "../../../src/methods/prompt/tokenizerTexts.ts";
import { tinyTokenizer } from "../../support/methods/tiny.ts";

const split = (...bytes: number[]) => ({
  text: bytes.map((byte) => `⟨${byte.toString(16).toUpperCase()}⟩`).join(""),
  bytes,
});
const plain = (text: string) => ({ text });

test("a character that is split over tokens is one piece of text", () => {
  const tokens = [plain(" a"), split(0xf0, 0x9f), split(0x98), split(0x80), plain("b")];
  expect(piecesOf(tokens)).toEqual([
    { text: " a", begin: 0, end: 1 },
    { text: "😀", begin: 1, end: 4 },
    { text: "b", begin: 4, end: 5 },
  ]);
  expect(textOf(tokens)).toBe(" a😀b");
});

test("bytes that are no character stand as such, and never as a replacement character", () => {
  const tokens = [split(0xc3), plain("x"), split(0xe2, 0x82)];
  expect(piecesOf(tokens).map(({ text }) => text)).toEqual(["⟨C3⟩", "x", "⟨E2⟩⟨82⟩"]);
});

test("whatever a tokenizer splits comes back as it was", async () => {
  const tokenizer = await tinyTokenizer();
  for (const { text } of tokenizerTexts) {
    const ids = tokenizer.encode(text);
    const texts = tokenizer.spellings(ids);
    const bytes = tokenizer.bytes(ids);
    const tokens = ids.map((_, i) =>
      new TextDecoder().decode(bytes[i]).includes("�")
        ? { text: texts[i], bytes: [...bytes[i]] }
        : { text: texts[i] },
    );
    expect(textOf(tokens)).toBe(text);
  }
});
