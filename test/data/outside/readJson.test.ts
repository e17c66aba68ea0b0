import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { list, number, object, someText, text, whole } from "../../../src/data/outside/kinds.ts";
import { parseJson, readJson } from "../../../src/data/outside/readJson.ts";

const bytes = (json: string) => new TextEncoder().encode(json);
const fact = object({ prompt: someText, tries: v.optional(whole(1, 9)), odds: list(number) });

describe("readJson", () => {
  test("answers what has the shape, further members included", () => {
    const json = '{"prompt":"a {}","odds":[1,2.5],"more":{"x":[]}}';
    expect(readJson(bytes(json), fact, "facts.json")).toEqual(JSON.parse(json));
  });

  test.each([
    ['{"odds":[]}', 'facts.json lacks "prompt"'],
    ['{"prompt":5,"odds":[]}', 'facts.json: "prompt" is 5, expected a text'],
    ['{"prompt":" ","odds":[]}', 'facts.json: "prompt" is " ", expected a text that is not empty'],
    ['{"prompt":"a","odds":[1,1e999]}', '"odds.1" is Infinity, expected a finite number'],
    ['{"prompt":"a","odds":[],"tries":1.5}', "expected a whole number from 1 to 9"],
    ['{"prompt":"a","odds":{}}', '"odds" is an object, expected a list'],
    ["null", "facts.json is null, expected an object"],
    ["[]", "facts.json is a list of 0, expected an object"],
    ["", "facts.json is not JSON: it is empty"],
    ["\uFEFF{}", "facts.json is not JSON: it begins with a byte order mark"],
    ['{"a":\n tru', "facts.json is not JSON: "],
    ['{"a":\u0007}', "facts.json is not JSON: Unexpected token '\\u0007'"],
    ["NaN", "facts.json is not JSON: it holds something else"],
    ['{"__proto__":{}}', 'a member called "__proto__"'],
    ['{"a":{"\\u005f_proto__":{}}}', 'a member called "__proto__"'],
    ['{"a":"\\ud800"}', "holds half a character"],
  ])("says of %s what is wrong", (json, sentence) => {
    expect(() => readJson(bytes(json), fact, "facts.json")).toThrow(sentence);
  });

  test("a pair of surrogates that is written out is a character", () => {
    expect(parseJson('["\\ud83d\\ude00"]', "x")).toEqual(["😀"]);
  });

  test("bytes that are no UTF-8 are refused", () => {
    expect(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22), "x.json")).toThrow(
      "x.json is damaged: it is not UTF-8 text",
    );
  });
});

describe("bounds", () => {
  test("size, depth and number of values are counted before anything is parsed", () => {
    expect(() => parseJson('"aaaaa"', "x", { bytes: 6 })).toThrow("x is too large: 7 bytes");
    expect(() => parseJson("[".repeat(1e6), "x")).toThrow("x is nested too deep");
    expect(() => parseJson("[1,2,3,4]", "x", { values: 3 })).toThrow("x holds too much");
  });

  test("brackets and commas in strings do not count", () => {
    const json = JSON.stringify(['[[[[,,,,\\"', "]\\\\"]);
    expect(parseJson(json, "x", { depth: 1, values: 2 })).toEqual(JSON.parse(json));
  });

  test("a sentence stays short, with the name of a file as long as it likes", () => {
    const json = JSON.stringify({ prompt: { ["x".repeat(999)]: 1 }, odds: [] });
    const schema = object({ prompt: v.record(text, text) });
    const name = "n".repeat(500);
    let sentence = "";
    try {
      readJson(json, schema, name);
    } catch (error) {
      sentence = (error as Error).message;
    }
    expect(sentence).toContain("expected a text");
    expect(sentence.length).toBeLessThanOrEqual(300);
  });
});
