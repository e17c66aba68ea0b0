import { describe, expect, test } from "vitest";
import { toFloat16 } from "../../../src/data/weights/float16.ts";
import {
  headerLength,
  parseHeader,
  toFloat32,
  writeSafetensors,
} from "../../../src/data/weights/safetensors.ts";

/** A file with any header and any data, as a careless program might write it. */
function fileOf(header: unknown, data = new Uint8Array()): Uint8Array {
  const json = new TextEncoder().encode(
    typeof header === "string" ? header : JSON.stringify(header),
  );
  const file = new Uint8Array(8 + json.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  file.set(data, 8 + json.length);
  return file;
}

const tensors = {
  "h.0.weight": { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, 1e-30, -0) },
  "h.0.bias": { shape: [1], data: Float32Array.of(7) },
  empty: { shape: [0, 4], data: new Float32Array() },
};

test("what is written is read, names, shapes, numbers and metadata", () => {
  const bytes = writeSafetensors(tensors, { format: "pt" });
  const { tensors: found, metadata, dataStart } = parseHeader(bytes, bytes.length);
  expect([...found.keys()]).toEqual(Object.keys(tensors));
  expect(metadata).toEqual({ format: "pt" });
  expect(dataStart % 8).toBe(0);
  expect(headerLength(bytes)).toBe(dataStart - 8);
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    const info = found.get(name)!;
    expect(info.shape).toEqual(shape);
    expect(info.dtype).toBe("F32");
    expect(toFloat32(bytes.subarray(info.begin, info.end), "F32")).toEqual(data);
  }
});

test("the header alone is enough to know every tensor", () => {
  const bytes = writeSafetensors(tensors);
  const { dataStart } = parseHeader(bytes);
  expect(parseHeader(bytes.subarray(0, dataStart)).tensors).toEqual(parseHeader(bytes).tensors);
});

describe("numbers of every type, at any offset in their buffer", () => {
  const values = [1, -0.5, 0.25, 1024];
  const bfloat = Uint16Array.from(
    values,
    (x) => new Uint32Array(Float32Array.of(x).buffer)[0] >> 16,
  );
  const stored = {
    F32: Float32Array.from(values),
    F64: Float64Array.from(values),
    F16: toFloat16(values),
    BF16: bfloat,
  };
  test.each(["F32", "F64", "F16", "BF16"] as const)("%s", (dtype) => {
    const bytes = new Uint8Array(stored[dtype].buffer);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(toFloat32(shifted.subarray(3), dtype)).toEqual(Float32Array.from(values));
    expect(toFloat32(bytes, dtype)).toEqual(Float32Array.from(values));
  });

  test("integers are refused", () => {
    expect(() => toFloat32(new Uint8Array(8), "I64")).toThrow("cannot read I64 as numbers");
  });
});

test("what comes of a part of a file does not share the file's memory", () => {
  const bytes = writeSafetensors(tensors);
  const { begin, end } = parseHeader(bytes).tensors.get("h.0.bias")!;
  toFloat32(bytes.subarray(begin, end), "F32")[0] = 99;
  expect(toFloat32(bytes.subarray(begin, end), "F32")[0]).toBe(7);
});

describe("refused with one sentence that names the damage", () => {
  test("truncated in the data", () => {
    const bytes = writeSafetensors(tensors);
    const { begin, end } = parseHeader(bytes).tensors.get("h.0.weight")!;
    const cut = bytes.subarray(0, begin + 4);
    expect(() => parseHeader(cut, cut.length, "model.safetensors")).toThrow(
      `model.safetensors is truncated: tensor h.0.weight needs bytes ${begin}–${end}, the file has ${cut.length}`,
    );
  });

  test("truncated in the header", () => {
    const bytes = writeSafetensors(tensors).subarray(0, 40);
    expect(() => parseHeader(bytes, 40, "a.safetensors")).toThrow(
      /^a\.safetensors is truncated: its header needs bytes 8–\d+, the file has 40$/,
    );
    expect(() => parseHeader(new Uint8Array(3))).toThrow("not a safetensors file: it has 3 bytes");
  });

  test("another kind of file", () => {
    const page = new TextEncoder().encode("<!doctype html><title>Not found</title>");
    expect(() => parseHeader(page, page.length, "x")).toThrow("x is not a safetensors file");
    expect(() => parseHeader(fileOf("[1, 2]"))).toThrow("its header is not JSON");
    expect(() => parseHeader(fileOf("{nonsense"))).toThrow("its header is not JSON");
  });

  test("a tensor that is malformed, of an unknown type or of another size than it says", () => {
    const entry = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
    const refuses = (change: object, sentence: string) =>
      expect(() => parseHeader(fileOf({ w: { ...entry, ...change } }))).toThrow(sentence);
    refuses({ shape: [2.5] }, "the entry of tensor w in its header is malformed");
    refuses({ data_offsets: [8, 0] }, "the entry of tensor w in its header is malformed");
    refuses({ dtype: "Q4" }, 'tensor w has the unknown type "Q4"');
    refuses({ dtype: "F16" }, "tensor w F16 [2] needs 4 bytes, its header gives 8");
    refuses({ shape: [2 ** 40, 2 ** 40] }, "needs");
    expect(() => parseHeader(fileOf({ w: null }))).toThrow("malformed");
  });

  test("tensors that overlap", () => {
    const header = {
      a: { dtype: "U8", shape: [8], data_offsets: [0, 8] },
      b: { dtype: "U8", shape: [8], data_offsets: [4, 12] },
    };
    expect(() => parseHeader(fileOf(header))).toThrow("tensors a and b overlap");
  });

  test("writing a shape that does not hold its data", () => {
    const bad = { w: { shape: [2], data: new Float32Array(3) } };
    expect(() => writeSafetensors(bad)).toThrow("invalid shape: w [2] (it has 3 numbers)");
  });
});
