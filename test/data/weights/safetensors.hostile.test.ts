import { describe, expect, test } from "vitest";
import { parseHeader } from "../../../src/data/weights/safetensors.ts";

/** A file of this header and so many bytes of data. */
function fileOf(header: string | Uint8Array, length = 8): Uint8Array {
  const json = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const file = new Uint8Array(8 + json.length + length);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  return file;
}

const read = (file: Uint8Array) => parseHeader(file, file.length, "a.safetensors");
const A = '"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}';

describe("what the reference reader takes", () => {
  test.each([
    ["spaces around the header", ` {${A}} \n\t`],
    ["fields in another order", '{"a":{"data_offsets":[0,8],"shape":[2],"dtype":"F32"}}'],
    ["an empty tensor between", `{"b":{"dtype":"U8","shape":[0],"data_offsets":[8,8]},${A}}`],
    ["no metadata at all", `{"__metadata__":null,${A}}`],
    ["an escaped name", `{"\\u00e9\\n":${A.slice(4)}}`],
  ])("%s", (_, header) => {
    expect(read(fileOf(header)).tensors.size).toBeGreaterThan(0);
  });
});

describe("what it refuses, and we do", () => {
  test.each([
    ["bytes after the last tensor", fileOf(`{${A}}`, 9), "belong to no tensor"],
    ["a hole at the beginning", fileOf(`{${A.replace("[0,8]", "[4,12]")}}`, 12), "before tensor a"],
    ["no tensor and data", fileOf("{}", 1), "at its end belong to no tensor"],
    ["metadata that is no text", fileOf(`{"__metadata__":{"k":1},${A}}`), "__metadata__.k"],
    ["metadata that is a list", fileOf(`{"__metadata__":[],${A}}`), "its header is not JSON"],
    ["bytes that are no UTF-8", fileOf(Uint8Array.of(123, 34, 255, 34)), "no UTF-8"],
    ["a mark of byte order", fileOf(`\ufeff{${A}}`), "its header is not JSON"],
    ["zeros after the header", fileOf(`{${A}}\0`), "its header is not JSON"],
    ["half of a surrogate pair", fileOf(`{"\\ud800":${A.slice(4)}}`), "its header is not JSON"],
    ["a length that is written as 2.0", fileOf(`{${A.replace("[2]", "[2.0]")}}`), "malformed"],
    ["a length that is written as 2e0", fileOf(`{${A.replace("[2]", "[2e0]")}}`), "malformed"],
    ["a length below 0", fileOf(`{${A.replace("[2]", "[-2]")}}`), "malformed"],
    ["a third offset", fileOf(`{${A.replace("[0,8]", "[0,8,9]")}}`), "malformed"],
    ["a field that stands twice", fileOf(`{${A.replace("{", '{"dtype":"F32",')}}`), "malformed"],
    ["metadata that stands twice", fileOf('{"__metadata__":{},"__metadata__":{}}'), "twice"],
  ])("%s", (_, file, sentence) => {
    expect(() => read(file)).toThrow(sentence);
    expect(() => read(file)).toThrow(/^a\.safetensors .{0,280}$/);
  });

  // The format forbids it, though the reference reader takes the last one.
  test("a tensor that stands twice", () => {
    expect(() => read(fileOf(`{${A},${A}}`))).toThrow("tensor a twice");
  });
});

test("a header of 88 MB is refused by its length alone", () => {
  const first = new Uint8Array(8);
  new DataView(first.buffer).setBigUint64(0, 88_000_000n, true);
  expect(() => parseHeader(first, 1e9, "a.safetensors")).toThrow(
    "a.safetensors is refused: its header takes 88000000 bytes, at most 16777216 are read",
  );
});

test("lists in lists cost nothing, and neither does a shape of a million axes", () => {
  const deep = "[".repeat(2 ** 20);
  expect(() => read(fileOf(`{"a":${deep}`))).toThrow("malformed");
  const axes = `[${"1,".repeat(2 ** 20)}1]`;
  expect(() => read(fileOf(`{${A.replace("[2]", axes)}}`))).toThrow("malformed");
});

test("a name cannot move the terminal, nor fill it", () => {
  const long = `\\u001b[2J\\n${"x".repeat(1000)}`;
  const file = fileOf(`{"${long}":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`);
  expect(() => read(file)).toThrow(
    /^a\.safetensors is damaged: tensor \\u001b\[2J\\n[^\n]{1,200}$/,
  );
});
