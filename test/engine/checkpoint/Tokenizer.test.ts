import { readFileSync } from "node:fs";
import { PreTrainedTokenizer } from "@huggingface/transformers";
import { beforeAll, describe, expect, test } from "vitest";
import { Tokenizer } from "../../../src/engine/checkpoint/Tokenizer.ts";
import { memoryFiles } from "../../support/engine/memoryFiles.ts";

const golden = new URL("../../golden/checkpoints/tiny-gpt2/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, golden), "utf8");
const json = JSON.parse(read("tokenizer.json")) as {
  model: { vocab: Record<string, number>; merges: [string, string][] };
  pre_tokenizer: object;
};
const config = JSON.parse(read("tokenizer_config.json")) as object;
const texts = [
  "The Harbour Lamp is in the city of",
  " two  spaces,\ttabs\nand lines \n\n",
  "Peter Šťastný sees 🌉 in Zürich",
  "don't they'll we've 12345 (x)!!",
  "\u00a0\ufeffodd \u2028 spaces",
  "the end<|endoftext|>The start",
];
/** A splitter that takes 2ⁿ steps for n a's. */
const endless = {
  type: "Sequence",
  pretokenizers: [
    { type: "Split", pattern: { Regex: "(a+)+$" }, behavior: "Isolated", invert: false },
    { type: "ByteLevel", add_prefix_space: false, use_regex: true },
  ],
};
const utf8 = (text: string) => new TextEncoder().encode(text);

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await Tokenizer.load(
    memoryFiles({ "tokenizer.json": json, "tokenizer_config.json": config }),
  );
});

describe.each(texts)("%j", (text) => {
  test("has the ids that transformers.js gives it", () => {
    const theirs = new PreTrainedTokenizer(json, config);
    expect(tokenizer.encode(text)).toEqual(theirs.encode(text, { add_special_tokens: false }));
  });

  test("is spelled exactly by its tokens' bytes", () => {
    const ids = tokenizer.encode(text);
    expect(Uint8Array.from(tokenizer.bytes(ids).flatMap((token) => [...token]))).toEqual(
      utf8(text),
    );
    expect(tokenizer.decode(ids)).toBe(text);
  });
});

test("a special token is one id, and no special tokens are added", () => {
  expect(tokenizer.encode("<|endoftext|>")).toEqual([tokenizer.eos]);
  expect(tokenizer.eos).toBe(502);
  expect(tokenizer.vocab).toBe(503);
  expect(tokenizer.encode("")).toEqual([]);
  expect(tokenizer.decode([])).toBe("");
});

test("a token that ends inside a character is text only together with the next", () => {
  const ids = tokenizer.encode("ť");
  expect(ids).toHaveLength(2);
  expect(tokenizer.bytes(ids)).toEqual([Uint8Array.of(0xc5), Uint8Array.of(0xa5)]);
  expect(tokenizer.tokens(ids)).toEqual(["\ufffd", "\ufffd"]);
  expect(tokenizer.spellings(ids)).toEqual(["⟨C5⟩", "⟨A5⟩"]);
  expect(tokenizer.decode(ids)).toBe("ť");
  expect(tokenizer.spell(ids)).toBe("ť");
  expect(tokenizer.spell(ids.slice(1))).toBe("⟨A5⟩");
  expect(tokenizer.spell([...tokenizer.encode("a ť"), ids[0]])).toBe("a ť⟨C5⟩");
});

test("a row of the embedding that has no token still has a spelling", () => {
  expect(tokenizer.tokens([600])).toEqual(["<|600|>"]);
  expect(() => tokenizer.decode([-1])).toThrow("invalid token: -1 (this tokenizer has 0–502)");
  expect(() => tokenizer.decode([0.5])).toThrow("invalid token: 0.5");
});

describe("the older pair of files", () => {
  const plain = json.model.vocab;
  const merges = ["#version: 0.2", ...json.model.merges.map((pair) => pair.join(" ")), ""].join(
    "\n",
  );
  const vocab = { ...plain, "<|endoftext|>": 502 };

  test.each([
    ["vocab.json", "merges.txt"],
    ["encoder.json", "vocab.bpe"],
  ])("%s and %s give the same ids", async (first, second) => {
    const older = await Tokenizer.load(memoryFiles({ [first]: vocab, [second]: merges }));
    for (const text of texts) expect(older.encode(text)).toEqual(tokenizer.encode(text));
    expect(older.eos).toBe(502);
  });

  test("without a special token there is no eos", async () => {
    const older = await Tokenizer.load(memoryFiles({ "vocab.json": plain, "merges.txt": merges }));
    expect(() => older.eos).toThrow("the tokenizer of tiny has no <|endoftext|>");
  });
});

describe("refused with one sentence", () => {
  const withModel = (change: object) => ({
    "tokenizer.json": { ...json, model: { ...json.model, ...change } },
  });
  const load = (files: Parameters<typeof memoryFiles>[0]) => Tokenizer.load(memoryFiles(files));
  test.each([
    ["no files", {}, "tiny has no tokenizer.json, nor vocab.json with merges.txt"],
    ["half the older pair", { "vocab.json": {} }, "tiny has no tokenizer.json"],
    ["a damaged file", { "tokenizer.json": "{" }, "tokenizer.json of tiny is not JSON"],
    [
      "a tokenizer of another kind",
      { "tokenizer.json": { model: { type: "WordPiece", vocab: {} } } },
      "the tokenizer of tiny is not a byte-level BPE",
    ],
    [
      "a BPE that is not of bytes",
      { "tokenizer.json": { ...json, pre_tokenizer: { type: "Metaspace" } } },
      "the tokenizer of tiny does not split into bytes",
    ],
    [
      "a token far beyond any vocabulary",
      { "tokenizer.json": { ...json, model: { ...json.model, vocab: { a: 1e9 } } } },
      'the tokenizer of tiny is damaged: "a" has the id 1000000000 (a whole number below 1048576)',
    ],
    [
      "an added token with no id",
      { "tokenizer.json": { ...json, added_tokens: [{ content: "<|x|>" }] } },
      'the tokenizer of tiny is damaged: "<|x|>" has the id nothing',
    ],
    [
      "added tokens that are none",
      { "tokenizer.json": { ...json, added_tokens: [7] } },
      "the tokenizer of tiny is damaged: its added_tokens are not a list of tokens",
    ],
    [
      "a merge of one token",
      { "tokenizer.json": { ...json, model: { ...json.model, merges: ["ab"] } } },
      "the tokenizer of tiny is damaged: one of its merges is not a pair of tokens",
    ],
    [
      "a pattern of its own, which may never end",
      { "tokenizer.json": { ...json, pre_tokenizer: endless } },
      'the tokenizer of tiny has a step that is not supported: "Split"',
    ],
    [
      "a normalizer that replaces letters",
      { "tokenizer.json": { ...json, normalizer: { type: "Replace" } } },
      'the tokenizer of tiny has a step that is not supported: "Replace"',
    ],
    [
      "a splitter that GPT-2's and GPT-NeoX's have not",
      {
        "tokenizer.json": {
          ...json,
          pre_tokenizer: {
            type: "Sequence",
            pretokenizers: [{ type: "Digits", individual_digits: true }, json.pre_tokenizer],
          },
        },
      },
      'a step that is not supported: "Digits" (supported: ByteLevel)',
    ],
    ["a model of another type", withModel({ type: "WordPiece" }), "is not a byte-level BPE"],
    [
      "merges that are left out by chance",
      withModel({ dropout: 0.5 }),
      '"dropout" is 0.5, expected null',
    ],
    [
      "two tokens of one id",
      withModel({ vocab: { ...json.model.vocab, zebra: 5 } }),
      'and "zebra" have the same id, 5',
    ],
    [
      "a merge of what is no token",
      withModel({ merges: [["zeb", "ra"]] }),
      'a merge makes use of "zeb", which is no token',
    ],
    [
      "one token of two ids",
      { "tokenizer.json": { ...json, added_tokens: [{ id: 600, content: "a" }] } },
      /"a" has the ids \d+ and 600/,
    ],
    [
      "an added token that must stand alone",
      {
        "tokenizer.json": {
          ...json,
          added_tokens: [{ id: 600, content: "zeb", single_word: true }],
        },
      },
      '"single_word" is true, expected false',
    ],
    ["lists far too deep", { "tokenizer.json": "[".repeat(1e6) }, "is nested too deep"],
  ])("%s", async (_, files, sentence) => {
    await expect(load(files)).rejects.toThrow(sentence);
  });

  test("an id that the model has no row for", async () => {
    const files = memoryFiles({ "tokenizer.json": json });
    await expect(Tokenizer.load(files, 502)).rejects.toThrow(
      'the tokenizer of tiny is damaged: "<|endoftext|>" has the id 502 (a whole number below 502)',
    );
    expect((await Tokenizer.load(files, 503)).vocab).toBe(503);
  });

  test("tokens that are called like what every object has", async () => {
    const names = ["constructor", "prototype", "toString"];
    const chars = [...new Set(names.join(""))].map((c, i): [string, number] => [c, i]);
    const vocab = Object.fromEntries([...chars, ...names.map((n, i) => [n, 100 + i])]) as object;
    const own = await load({
      "tokenizer.json": { ...json, added_tokens: [], model: { type: "BPE", vocab, merges: [] } },
    });
    expect(own.tokens([100, 101, 102])).toEqual(names);
  });

  test("a text that the tokenizer writes with other letters of as many bytes", async () => {
    const normalized = await load({ "tokenizer.json": { ...json, normalizer: { type: "NFC" } } });
    expect(normalized.encode("Šťastný")).toEqual(tokenizer.encode("Šťastný"));
    expect(() => normalized.encode("a\u0340")).toThrow(
      'the tokenizer of tiny cannot spell "a\u0340" exactly', // it would spell "a\u0300"
    );
  });

  test("a text it has no tokens for", async () => {
    const vocab = { a: 0, b: 1, ab: 2 };
    const small = await load({
      "tokenizer.json": {
        ...json,
        added_tokens: [],
        model: { type: "BPE", vocab, merges: [["a", "b"]] },
      },
    });
    expect(small.encode("abba")).toEqual([2, 1, 0]);
    expect(() => small.encode("abc")).toThrow('the tokenizer of tiny cannot spell "abc" exactly');
  });
});
