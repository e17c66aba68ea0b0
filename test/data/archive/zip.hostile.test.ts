import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { Inflater } from "../../../src/data/archive/inflate.ts";
import { readNpz } from "../../../src/data/archive/npz.ts";
import { readZip, writeZip } from "../../../src/data/archive/zip.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const ENTRY = 46;

/** Places of the entries in an archive's directory. */
function entries(zip: Uint8Array): number[] {
  const data = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const places = Array.from({ length: zip.length - ENTRY }, (_, at) => at);
  return places.filter((at) => data.getUint32(at, true) === 0x02014b50);
}

/** A copy with a field of an entry changed. */
function changed(zip: Uint8Array, entry: number, change: (data: DataView, at: number) => void) {
  const copy = zip.slice();
  change(new DataView(copy.buffer), entries(copy)[entry]);
  return copy;
}

describe("an archive is refused", () => {
  const two = writeZip({ "a.txt": bytesOf("first"), "b.txt": bytesOf("other") });
  const refuses = (bytes: Uint8Array, sentence: string | RegExp) =>
    expect(() => readZip(bytes, { what: "x.zip" })).toThrow(sentence);

  test("whose members share one deflate stream", () => {
    const shared = changed(
      zipSync({ "a.txt": bytesOf("x"), "b.txt": bytesOf("x") }),
      1,
      (data, at) => {
        data.setUint32(at + 42, 0, true); // the offset of the first
        data.setUint8(at + ENTRY, "a".charCodeAt(0));
      },
    );
    refuses(shared, 'x.zip is damaged: it has "a.txt" twice');
  });

  test("whose member reaches into the next", () => {
    const longer = changed(two, 0, (data, at) => {
      data.setUint32(at + 20, 20, true);
      data.setUint32(at + 24, 20, true);
    });
    refuses(longer, 'x.zip is refused: "a.txt" shares bytes with another of its members');
  });

  test("whose member has another name where it lies", () => {
    const renamed = changed(two, 1, (data, at) => data.setUint8(at + ENTRY, "c".charCodeAt(0)));
    refuses(renamed, 'x.zip is damaged: "c.txt" is not where the directory says');
  });

  test("whose directory says another length or number of members", () => {
    const end = two.length - 22;
    for (const field of [10, 12, 16]) {
      const wrong = two.slice();
      wrong[end + field] ^= 1;
      refuses(wrong, /^x\.zip is damaged: /);
    }
  });

  test.each([
    [0x01, "is encrypted"],
    [0x40, "is encrypted"],
    [0x2000, "is encrypted"],
    [0x20, "is a patch"],
  ])("whose member has the flag %d", (flag, sentence) => {
    refuses(
      changed(two, 0, (data, at) => data.setUint16(at + 8, flag, true)),
      sentence,
    );
  });

  test("that needs a newer version, or is one part of several", () => {
    refuses(
      changed(two, 0, (data, at) => data.setUint16(at + 6, 99, true)),
      "needs version 9.9",
    );
    const part = two.slice();
    part[two.length - 22 + 4] = 3;
    refuses(part, "one of several parts");
  });

  test("whose names are no text, without sending them to the terminal", () => {
    const bell = changed(two, 0, (data, at) => data.setUint8(at + ENTRY, 27));
    refuses(bell, String.raw`"\u001b.txt" is not where the directory says`);
    refuses(
      changed(two, 0, (data, at) => data.setUint8(at + ENTRY, 0)),
      "is no text",
    );
  });

  test("that grows a thousandfold, before it is unpacked", () => {
    const noise = Uint8Array.from({ length: 200_000 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 24);
    const small = zipSync({ "a.txt": noise }, { level: 1 });
    const bomb = changed(small, 0, (data, at) => data.setUint32(at + 24, 2 ** 27, true));
    refuses(bomb, /^x\.zip is refused: "a\.txt" claims 134217728 bytes from \d+ packed ones$/);
  });

  test("that claims more members than are read", () => {
    const many = new Uint8Array(22 + 20 + 56);
    const data = new DataView(many.buffer);
    data.setUint32(0, 0x06064b50, true);
    data.setBigUint64(32, 10n ** 12n, true);
    data.setUint32(56, 0x07064b50, true);
    data.setUint32(56 + 20, 0x06054b50, true);
    const file = new Uint8Array(4 + many.length);
    file.set([0x50, 0x4b, 5, 6]);
    file.set(many, 4);
    data.setBigUint64(56 + 8, 4n, true);
    data.setBigUint64(48, 4n, true);
    file.set(many, 4);
    refuses(file, "x.zip is refused: it has 1000000000000 members, at most 100000 are read");
  });
});

test("a stream that goes on after its ten bytes is left there, and refused", () => {
  const zip = zipSync({ "a.txt": new Uint8Array(2 ** 21) }, { level: 1 });
  const crcOfTenZeros = 0xe38a6876;
  const short = changed(zip, 0, (data, at) => {
    data.setUint32(at + 16, crcOfTenZeros, true);
    data.setUint32(at + 24, 10, true);
  });
  expect(() => readZip(short)).toThrow('"a.txt" does not unpack to its 10 bytes');
  // The first kB of the stream are enough to see it.
  const inflater = new Inflater(10, () => new Error("too much"));
  expect(() => [...inflater.push(zip.subarray(30 + "a.txt".length, 4000))]).toThrow("too much");
});

test("only what is wanted is unpacked", () => {
  const zip = zipSync({ "a.txt": bytesOf("a"), "b.txt": new Uint8Array(4000) });
  const broken = changed(zip, 1, (data, at) => data.setUint32(at + 16, 1, true));
  expect(() => readZip(broken)).toThrow("does not match its checksum");
  const found = readZip(broken, { only: (name) => name === "a.txt" });
  expect([...found.keys()]).toEqual(["a.txt"]);
});

describe("an array is refused", () => {
  const npy = (dict: string, { version = [1, 0], data = 64 } = {}) => {
    const header = bytesOf(dict);
    const length = [header.length & 255, header.length >> 8, ...(version[0] > 1 ? [0, 0] : [])];
    const bytes = [0x93, 78, 85, 77, 80, 89, ...version, ...length];
    return Uint8Array.from([...bytes, ...header, ...new Uint8Array(data)]);
  };
  const read = (bytes: Uint8Array) => readNpz(writeZip({ "a.npy": bytes }), { what: "x.npz" }).a;
  const dict = (shape: string, descr = "<f4", fortran = "False") =>
    `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}}`;

  test.each([
    [
      "200,000 axes",
      dict(`(${"1,".repeat(4000)})`, "<f4", "True"),
      "4000 axes, NumPy has at most 64",
    ],
    ["another key", dict("(2,), 'x': 1"), "its header reads"],
    ["a key twice", dict("(2,), 'shape': (2,)"), "its header reads"],
    ["a list as its shape", dict("[2]"), "its header reads"],
    ["a number as its shape", dict("(2)"), "its header reads"],
    ["a length below 0", dict("(-2,)"), "its header reads"],
    ["a number with a zero before it", dict("(02,)"), "its header reads"],
    ["something after its header", `${dict("(2,)")} 1`, "its header reads"],
    [
      "lengths beyond NumPy's, though it is empty",
      dict("(0, 4294967296, 4294967296)"),
      "its shape",
    ],
    ["a million texts of no letters", dict("(1000000,)", "<U0"), "its shape"],
    [
      "a header longer than NumPy reads",
      dict("(2,)").padEnd(10_001),
      "its header takes 10001 bytes",
    ],
  ])("with %s", (_, header, sentence) => {
    expect(() => read(npy(header))).toThrow(sentence);
    expect(() => read(npy(header))).toThrow(/^"a" in x\.npz .{0,270}$/);
  });

  test("of version 1.1, or with what is no character", () => {
    expect(() => read(npy(dict("(2,)"), { version: [1, 1] }))).toThrow("has version 1.1");
    const text = npy(dict("(2,)", "<U1"), { data: 8 });
    text.fill(0xff, -8);
    expect(() => read(text)).toThrow('"a" in x.npz is damaged: it has a text with what is no');
  });

  test("and not where NumPy takes it", () => {
    expect(read(npy(dict("(2, 2)", "<U0"))).data).toEqual(["", "", "", ""]);
    expect(read(npy(dict("(2L,)"))).shape).toEqual([2]);
    expect(read(npy(`{"shape": (), "descr": "|u1", "fortran_order": False}`)).shape).toEqual([]);
    expect(read(npy(dict("(1,)".replace("1", "2, ".repeat(3) + "1")), { version: [3, 0] })).shape).toEqual([2, 2, 2, 1]); // prettier-ignore
    const fortran = npy(dict(`(2, ${"1, ".repeat(60)}2)`, "|u1", "True"), { data: 0 });
    expect(read(Uint8Array.from([...fortran, 1, 2, 3, 4])).data).toEqual(Uint8Array.of(1, 3, 2, 4));
  });
});
