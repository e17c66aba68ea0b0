import { describe, expect, test } from "vitest";
import { readPickle, type PickleRules } from "../../../src/data/weights/pickle.ts";

const rules: PickleRules = {
  persistent: (id) => ({ id }),
  globals: new Map<string, ((args: unknown[]) => unknown) | undefined>([
    ["collections.OrderedDict", () => new Map()],
    ["torch.FloatStorage", undefined],
  ]),
};

/** A pickle of protocol 2 in which every letter is a byte. */
const pickle = (letters: string): Uint8Array =>
  Uint8Array.from(`\x80\x02${letters}`, (letter) => letter.charCodeAt(0));
const read = (letters: string): unknown => readPickle(pickle(letters), "a.bin", rules);
const word = (text: string): string =>
  `X${String.fromCharCode(text.length & 255, text.length >> 8)}\0\0${text}`;

describe("values", () => {
  test.for([
    ["N.", null],
    ["\x88.", true],
    ["\x89.", false],
    ["K\xff.", 255],
    ["M\x01\x02.", 513],
    ["J\xfe\xff\xff\xff.", -2],
    ["\x8a\x00.", 0],
    ["\x8a\x05\x00\x00\x00\x00\x01.", 2 ** 32],
    ["\x8a\x01\xff.", -1],
    ["G\x3f\xf8\0\0\0\0\0\0.", 1.5],
    ["X\x03\0\0\0n\xc3\xa9.", "né"],
    ["K\x01K\x02\x86.", [1, 2]],
    ["(K\x01K\x02K\x03t.", [1, 2, 3]],
    ["](K\x01K\x02e.", [1, 2]],
    ["]K\x05a.", [5]],
    [`}${word("a")}K\x01s.`, new Map([["a", 1]])],
    [`}(${word("a")}K\x01${word("b")}Nu.`, new Map<string, unknown>([["a", 1], ["b", null]])], // prettier-ignore
    ["K\x07q\x00h\x00\x86.", [7, 7]],
    ["K\x07r\x05\0\0\0j\x05\0\0\0\x86.", [7, 7]],
    ["K\x07Q.", { id: 7 }],
    [`ccollections\nOrderedDict\n)R${word("a")}K\x01s.`, new Map([["a", 1]])],
    ["ccollections\nOrderedDict\n)R}b.", new Map()],
  ] as [string, unknown][])("%j", ([letters, expected]) => {
    expect(read(letters)).toEqual(expected);
  });
});

describe("refused by name, and nothing is run", () => {
  test.for([
    ["cos\nsystem\n" + word("rm -rf /") + "\x85R.", "asks for os.system"],
    ["cposix\nsystem\n" + word("id") + "\x85R.", "asks for posix.system"],
    ["c__builtin__\neval\n" + word("1") + "\x85R.", "asks for __builtin__.eval"],
    ["cbuiltins\ngetattr\n.", "asks for builtins.getattr"],
    // Nested: an allowed call whose argument is the result of a forbidden one.
    ["ccollections\nOrderedDict\ncos\ngetcwd\n)R\x85R.", "asks for os.getcwd"],
    ["ctorch.hub\nload\n.", "asks for torch.hub.load"],
    ["cconstructor\nconstructor\n.", "asks for constructor.constructor"],
    ["c\n__proto__\n.", "asks for .__proto__"],
    ["ctorch\nFloatStorage\n)R.", "calls torch.FloatStorage"],
    ["K\x01)R.", "calls what is no function"],
    ["ccollections\nOrderedDict\nK\x01R.", "calls collections.OrderedDict"],
    ["]}b.", "sets the state of what is no dictionary"],
    ["}]b.", "sets the state of what is no dictionary"],
    ["cos\nsys\x1b[2J\x07tem\n.", String.raw`asks for os.sys\u001b[2J\u0007tem`],
    ["ios\nsystem\n.", "has the instruction 0x69 at byte 2"], // INST
    ["(ccollections\nOrderedDict\no.", "has the instruction 0x6f at byte 28"], // OBJ
    ["ccollections\nOrderedDict\n)\x81.", "has the instruction 0x81 at byte 28"], // NEWOBJ
    ["\x82\x01.", "has the instruction 0x82 at byte 2"], // EXT1
    ["P1\n.", "has the instruction 0x50 at byte 2"], // PERSID
    ["\x8b\xff\xff\xff\x7f.", "has the instruction 0x8b at byte 2"], // LONG4
    ["\x93.", "has the instruction 0x93 at byte 2"], // STACK_GLOBAL
  ])("%j", ([letters, reason]) => {
    expect(() => read(letters)).toThrow(
      `a.bin is refused: the pickle ${reason}; only tensors are read, and nothing is run`,
    );
  });

  test("another protocol", () => {
    const four = Uint8Array.of(0x80, 4, 0x95);
    expect(() => readPickle(four, "a.bin", rules)).toThrow(
      "has protocol 4, where torch.save writes 2",
    );
  });
});

describe("damaged", () => {
  test.for([
    [".", "it takes from an empty stack"],
    ["(.", "it takes from an empty stack"],
    ["\x86.", "it takes from an empty stack"],
    ["t.", "it looks for a mark that is not there"],
    ["K\x01K\x01a.", "it adds to what is no container"],
    ["}(K\x01u.", "a dictionary has a key without a value"],
    ["h\x09.", "it recalls memo 9, which is empty"],
    // Lengths that the file does not have; nothing of that size is made.
    ["X\xff\xff\xff\xff.", "it ends at byte 8"],
    ["X\0\0\0\x80.", "it ends at byte 8"],
    ["\x8a\xff\x01.", "it ends at byte 6"],
    ["ctorch", "it ends at byte 8"],
    [`${word("n\xe9")}.`, "the text at byte 7 is no UTF-8"],
    ["", "it ends at byte 2"],
  ])("%j", ([letters, reason]) => {
    expect(() => read(letters)).toThrow(`a.bin is damaged: ${reason}`);
  });
});

describe("bombs", () => {
  test("a dictionary for every byte is refused before there are many", () => {
    expect(() => read("}".repeat(1_000_001))).toThrow(
      "a.bin is refused: the pickle makes more than 1000000 values",
    );
  });

  test("a list of lists of lists, each twice in the next, stays small", () => {
    // Written out it would have 2^2000 elements.
    const doubled = "(h\x00h\x00tq\x00".repeat(2000);
    const value = read(`]q\x00${doubled}.`) as unknown[];
    expect(value).toHaveLength(2);
    expect(value[0]).toBe(value[1]);
  });

  test("a hundred thousand levels", () => {
    const value = read(`${"]".repeat(100_000)}${"a".repeat(99_999)}.`) as unknown[][];
    expect(value[0][0]).toEqual([expect.anything()]);
  });

  test("memos and marks without end", () => {
    expect(read(`N${"r\xff\xff\xff\x7f".repeat(50_000)}.`)).toBe(null);
    expect(() => read("(".repeat(100_000))).toThrow("a.bin is damaged: it ends at byte");
    expect(read(`${"(".repeat(50_000)}${"t".repeat(50_000)}.`)).toHaveLength(1);
  });

  test("a list that holds itself", () => {
    const value = read("]q\x00h\x00a.") as unknown[];
    expect(value[0]).toBe(value);
  });
});
