import { readFileSync } from "node:fs";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { readNpz, writeNpz, type NpyArray } from "../../../src/data/archive/npz.ts";
import { readNpy, writeNpy } from "../../../src/data/archive/npy.ts";

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../fixtures/${name}`, import.meta.url)));

describe("archives that NumPy wrote (make_npz.py)", () => {
  test.each(["numpy_stored.npz", "numpy_deflated.npz"])("every member of %s", (name) => {
    const arrays = readNpz(fixture(name));
    expect(arrays["mom2.constructor"]).toEqual({
      shape: [],
      dtype: "U",
      data: ["util.runningstats.SecondMoment()"],
    });
    expect(arrays["mom2.count"]).toEqual({
      shape: [],
      dtype: "i8",
      data: BigInt64Array.of(44_000_000_123n),
    });
    expect(arrays["mom2.mom2"].shape).toEqual([3, 4]);
    expect(arrays["mom2.mom2"].data).toEqual(Float32Array.from({ length: 12 }, (_, i) => i / 4));
    expect(arrays.sample_size.data).toEqual(BigInt64Array.of(100_000n));
    expect(arrays.fortran).toEqual({
      shape: [2, 3, 4],
      dtype: "i4",
      data: Int32Array.from({ length: 24 }, (_, i) => i),
    });
    expect(arrays.double.data).toEqual(Float64Array.of(0.1, -2e300));
    expect(arrays.half.dtype).toBe("f2");
    expect(arrays.half.data).toEqual(
      Float32Array.of(1.5, -0.0999755859375, 65504, 5.960464477539063e-8),
    );
    expect(arrays.flags).toEqual({ shape: [3], dtype: "b1", data: Uint8Array.of(1, 0, 1) });
    expect(arrays.bytes.data).toEqual(Uint8Array.of(0, 255));
    expect(arrays.tokens.data).toEqual(["The", " Space", " Štastný 🌉", ""]);
    expect(arrays.kind).toEqual({ shape: [], dtype: "U", data: [""] });
    expect(arrays.empty).toEqual({ shape: [0, 4], dtype: "f4", data: new Float32Array() });
    expect(Object.keys(arrays)).toHaveLength(12);
  });

  test("what we write of them is what we read", () => {
    const arrays = readNpz(fixture("numpy_stored.npz"));
    expect(readNpz(writeNpz(arrays))).toEqual(arrays);
  });
});

test("the same arrays give the same bytes", () => {
  const arrays: Record<string, NpyArray> = {
    scores: { shape: [2, 1], dtype: "f4", data: Float32Array.of(0.5, NaN) },
  };
  expect(writeNpz(arrays)).toEqual(writeNpz(arrays));
});

test("the numbers of an .npy begin at a multiple of 64, after a newline", () => {
  const bytes = writeNpy({ shape: [1], dtype: "u1", data: Uint8Array.of(7) });
  expect(bytes.length % 64).toBe(1);
  expect(bytes[bytes.length - 2]).toBe(10);
  expect(readNpy(bytes).shape).toEqual([1]);
});

describe("refused with one sentence", () => {
  const array: NpyArray = { shape: [4], dtype: "f4", data: new Float32Array(4) };
  const good = () => writeNpz({ scores: array });
  const npyWith = (dict: string) => {
    const header = new TextEncoder().encode(dict);
    return Uint8Array.of(0x93, 78, 85, 77, 80, 89, 1, 0, header.length, 0, ...header);
  };
  const refuses = (bytes: Uint8Array, sentence: string) =>
    expect(() => readNpz(bytes)).toThrow(sentence);

  test("pickled objects", () => {
    refuses(fixture("numpy_pickled.npz"), '"mom2" in the .npz file holds pickled Python objects');
  });

  test("not a zip", () => {
    refuses(new TextEncoder().encode("<!doctype html><title>404"), "is not a zip archive");
    refuses(new Uint8Array(), "is not a zip archive");
  });

  test("cut short, at every length", () => {
    const bytes = good();
    for (let length = 4; length < bytes.length; length += 7) {
      expect(() => readNpz(bytes.subarray(0, length))).toThrow("cut short");
    }
  });

  test("one flipped bit in the numbers", () => {
    const bytes = good();
    bytes[30 + "scores.npy".length + 128 + 5] ^= 1;
    refuses(bytes, '"scores.npy" does not match its checksum');
  });

  test("a member that claims far more than its bytes can hold", () => {
    const bytes = zipSync({ "bomb.npy": new Uint8Array(5000) }, { level: 9 });
    const size = new DataView(bytes.buffer);
    size.setUint32(bytes.length - 22 - 46 - "bomb.npy".length + 24, 4_000_000_000, true);
    refuses(bytes, '"bomb.npy" claims 4000000000 bytes');
  });

  test("a member that unpacks to more than it claims", () => {
    const bytes = zipSync({ "bomb.npy": new Uint8Array(50_000) }, { level: 9 });
    const size = new DataView(bytes.buffer);
    size.setUint32(bytes.length - 22 - 46 - "bomb.npy".length + 24, 100, true);
    refuses(bytes, '"bomb.npy" does not unpack to its 100 bytes');
  });

  test("more than the limit altogether", () => {
    expect(() => readNpz(good(), { limit: 100, what: "stats.npz" })).toThrow(
      /^stats\.npz would unpack to \d+ bytes; the limit is 100$/,
    );
  });

  test("a member that is no array, or an array of another kind", () => {
    refuses(
      zipSync({ "a.npy": Uint8Array.of(1, 2, 3) }),
      '"a" in the .npz file is not a NumPy array',
    );
    const dict = (descr: string) =>
      npyWith(`{'descr': '${descr}', 'fortran_order': False, 'shape': (), }`);
    refuses(zipSync({ "a.npy": dict(">f4") }), '"a" in the .npz file has elements of type >f4');
    refuses(zipSync({ "a.npy": dict("<c8") }), '"a" in the .npz file has elements of type <c8');
    refuses(zipSync({ "a.npy": dict("<f4") }), '"a" in the .npz file is cut short');
    refuses(zipSync({ "a.npy": npyWith("{'descr': 7}") }), "its header reads {'descr': 7}");
    const records = npyWith("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (), }");
    refuses(
      zipSync({ "a.npy": records }),
      '"a" in the .npz file has elements of type a record type',
    );
  });

  test("an absurd shape", () => {
    const huge = npyWith(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (4000000000, 4000000000), }",
    );
    refuses(
      zipSync({ "a.npy": huge }),
      '"a" in the .npz file is refused: its shape (4000000000, 4000000000) has more elements',
    );
  });

  test("writing a shape that does not hold the data, or data of another type", () => {
    expect(() => writeNpz({ a: { ...array, shape: [3] } })).toThrow("invalid shape: [3]");
    expect(() => writeNpz({ a: { ...array, dtype: "f8" } })).toThrow("invalid dtype: f8");
  });
});
