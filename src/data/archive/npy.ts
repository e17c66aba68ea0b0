import { fromFloat16, toFloat16 } from "../weights/float16.ts";

/** The element types that {@link readNpy} understands, by NumPy's letters; "U" is text, "b1" is 0 or 1. */
export type NpyDtype = "f4" | "f8" | "f2" | "i4" | "i8" | "u1" | "b1" | "U";

/**
 * One NumPy array in row-major order; `shape` is [] for a scalar. Half precision is held as float32,
 * bool as bytes of 0 and 1, text as one string per element.
 */
export interface NpyArray {
  shape: number[];
  dtype: NpyDtype;
  data: Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array | string[];
}

const MAGIC = "\x93NUMPY";
const itemBytes: Record<Exclude<NpyDtype, "U">, number> = {
  f4: 4,
  f8: 8,
  f2: 2,
  i4: 4,
  i8: 8,
  u1: 1,
  b1: 1,
};

/**
 * Reads one `.npy` file, versions 1 to 3 of the format.
 *
 * @param name how messages call it
 * @throws one sentence for a wrong magic, a version or element type it does not know, pickled objects
 *   (which are never loaded), big-endian numbers and too few bytes
 */
export function readNpy(bytes: Uint8Array, name = "the array"): NpyArray {
  const { dtype, width, fortran, shape, begin } = readNpyHeader(bytes, name);
  const count = shape.reduce((product, size) => product * size, 1);
  const needed = begin + count * width;
  if (!Number.isSafeInteger(needed) || needed > bytes.length) {
    throw new Error(`"${name}" is cut short: it needs ${needed} bytes and has ${bytes.length}`);
  }
  const data = decode(bytes.slice(begin, needed), dtype, width);
  return { shape, dtype, data: fortran && shape.length > 1 ? toRowMajor(data, shape) : data };
}

/**
 * Writes one `.npy` file, version 1.0, little-endian and row-major.
 *
 * @throws `invalid shape: …` when it does not hold as many elements as `data`
 */
export function writeNpy({ shape, dtype, data }: NpyArray): Uint8Array {
  const count = shape.reduce((product, size) => product * size, 1);
  if (count !== data.length) {
    throw new Error(`invalid shape: [${shape.join(", ")}] (the data has ${data.length} elements)`);
  }
  const { descr, body } = encode(dtype, data);
  const header = npyHeader(descr, shape);
  const file = new Uint8Array(header.length + body.length);
  file.set(header);
  file.set(body, header.length);
  return file;
}

/** The beginning of a `.npy` file of elements of this NumPy type ("<f4"), row-major; the elements follow it. */
export function npyHeader(descr: string, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // The header ends in a newline and the numbers begin at a multiple of 64, as NumPy writes it.
  const length = Math.ceil((10 + dict.length + 1) / 64) * 64;
  const file = new Uint8Array(length).fill(0x20);
  file.set(Uint8Array.from(MAGIC, (c) => c.charCodeAt(0)));
  file.set([1, 0, (length - 10) & 255, (length - 10) >> 8], 6);
  file.set(new TextEncoder().encode(dict), 10);
  file[length - 1] = 0x0a;
  return file;
}

/** What the beginning of a `.npy` file says of the rest. */
export interface NpyHeader {
  dtype: NpyDtype;
  /** Bytes per element. */
  width: number;
  /** Whether the elements lie in column-major order. */
  fortran: boolean;
  shape: number[];
  /** Where the elements begin. */
  begin: number;
}

/** How many bytes a `.npy` header takes, itself included; bytes: its first twelve or more. */
export function npyHeaderLength(bytes: Uint8Array, name: string): number {
  if (String.fromCharCode(...bytes.subarray(0, 6)) !== MAGIC) {
    throw new Error(`"${name}" is not a NumPy array: it does not begin with \\x93NUMPY`);
  }
  const version = bytes[6];
  if (!(version >= 1 && version <= 3)) {
    throw new Error(`"${name}" has version ${version} of the .npy format; expected 1, 2 or 3`);
  }
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) throw new Error(`"${name}" is cut short: its header is incomplete`);
  return start + (version === 1 ? data.getUint16(8, true) : data.getUint32(8, true));
}

/** Reads a `.npy` header; throws as {@link readNpy} does. */
export function readNpyHeader(bytes: Uint8Array, name: string): NpyHeader {
  const begin = npyHeaderLength(bytes, name);
  if (begin > bytes.length) throw new Error(`"${name}" is cut short: its header is incomplete`);
  const start = bytes[6] === 1 ? 10 : 12;
  const dict = new TextDecoder().decode(bytes.subarray(start, begin));
  const { descr, ...rest } = parseDict(dict, name);
  return { ...rest, ...elementType(descr, name), begin };
}

/** The header is a Python dict literal with exactly these three keys; a list as descr is a record type. */
function parseDict(
  dict: string,
  name: string,
): Pick<NpyHeader, "fortran" | "shape"> & { descr: string } {
  const descr = /'descr':\s*('([^']*)'|\[)/.exec(dict);
  const fortran = /'fortran_order':\s*(True|False)/.exec(dict);
  const shape = /'shape':\s*\(([\d,\sL]*)\)/.exec(dict);
  if (!descr || !fortran || !shape) {
    throw new Error(`"${name}" is damaged: its header reads ${dict.trim().slice(0, 80)}`);
  }
  const sizes = shape[1].split(",").filter((size) => size.trim());
  return {
    descr: descr[2] ?? "a record type",
    fortran: fortran[1] === "True",
    shape: sizes.map((size) => parseInt(size, 10)),
  };
}

function elementType(descr: string, name: string): { dtype: NpyDtype; width: number } {
  if (descr.includes("O")) {
    throw new Error(`"${name}" holds pickled Python objects, which are never loaded`);
  }
  const text = /^[<=|]U(\d+)$/.exec(descr);
  if (text) return { dtype: "U", width: 4 * Number(text[1]) };
  const dtype = descr.slice(1) as keyof typeof itemBytes;
  const little = descr[0] === "<" || descr[0] === "|" || descr[0] === "=";
  if (!little || !Object.hasOwn(itemBytes, dtype)) {
    throw new Error(
      `"${name}" has elements of type ${descr}; supported are little-endian ${Object.keys(itemBytes).join(", ")} and U`,
    );
  }
  return { dtype, width: itemBytes[dtype] };
}

/** `bytes` is a copy of its own, so its buffer may become the array's. */
function decode(bytes: Uint8Array<ArrayBuffer>, dtype: NpyDtype, width: number): NpyArray["data"] {
  switch (dtype) {
    case "f4":
      return new Float32Array(bytes.buffer);
    case "f8":
      return new Float64Array(bytes.buffer);
    case "f2":
      return fromFloat16(new Uint16Array(bytes.buffer));
    case "i4":
      return new Int32Array(bytes.buffer);
    case "i8":
      return new BigInt64Array(bytes.buffer);
    case "U":
      return decodeText(new Uint32Array(bytes.buffer), width / 4);
    default:
      return bytes;
  }
}

/** UTF-32, every element `length` code points long and padded with zeros; '<U0' holds one empty text. */
function decodeText(points: Uint32Array, length: number): string[] {
  if (length === 0) return [""];
  return Array.from({ length: points.length / length }, (_, i) => {
    const element = points.subarray(i * length, (i + 1) * length);
    let end = length;
    while (end > 0 && element[end - 1] === 0) end--;
    return Array.from(element.subarray(0, end), (p) => String.fromCodePoint(p)).join("");
  });
}

function encode(dtype: NpyDtype, data: NpyArray["data"]): { descr: string; body: Uint8Array } {
  if (dtype === "U") return encodeText(data as string[]);
  const array = dtype === "f2" ? toFloat16(data as Float32Array) : (data as Uint8Array);
  const descr = `${itemBytes[dtype] === 1 ? "|" : "<"}${dtype}`;
  if (array.BYTES_PER_ELEMENT !== itemBytes[dtype]) {
    throw new Error(`invalid dtype: ${dtype} (the data is a ${data.constructor.name})`);
  }
  return { descr, body: new Uint8Array(array.buffer, array.byteOffset, array.byteLength) };
}

function encodeText(texts: string[]): { descr: string; body: Uint8Array } {
  const points = texts.map((text) => Array.from(text, (c) => c.codePointAt(0) ?? 0));
  const length = Math.max(1, ...points.map((p) => p.length));
  const body = new Uint32Array(texts.length * length);
  points.forEach((p, i) => body.set(p, i * length));
  return { descr: `<U${length}`, body: new Uint8Array(body.buffer) };
}

/** Column-major data [..., b, a] in memory order to row-major [a, b, ...]. */
function toRowMajor<T extends NpyArray["data"]>(data: T, shape: number[]): T {
  const result = data.slice() as T;
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((p, size) => p * size, 1));
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    result[to] = data[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return result;
}
