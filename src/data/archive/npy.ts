import { fromFloat16, toFloat16 } from "../weights/float16.ts";
import { itemBytes, type NpyDtype, readNpyHeader } from "./npyHeader.ts";

/**
 * One NumPy array in row-major order; `shape` is [] for a scalar. Half precision is held as float32,
 * bool as bytes of 0 and 1, text as one string per element.
 */
export interface NpyArray {
  shape: number[];
  dtype: NpyDtype;
  data:
    Float32Array | Float64Array | Int16Array | Int32Array | BigInt64Array | Uint8Array | string[];
}

const MAGIC = "\x93NUMPY";

/**
 * Reads one `.npy` file, versions 1 to 3 of the format.
 *
 * @param name how messages call it, with its file
 * @throws one sentence for a wrong magic, a version or element type it does not know, pickled objects
 *   (which are never loaded), big-endian numbers and too few bytes
 */
export function readNpy(bytes: Uint8Array, name = "the array"): NpyArray {
  const { dtype, width, fortran, shape, count, begin } = readNpyHeader(bytes, name);
  const needed = begin + count * width;
  if (needed > bytes.length) {
    throw new Error(`${name} is cut short: it needs ${needed} bytes and has ${bytes.length}`);
  }
  const held = bytes.slice(begin, needed);
  const data = dtype === "U" ? decodeText(held, { count, width }, name) : decode(held, dtype);
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

/** `bytes` is a copy of its own, so its buffer may become the array's. */
function decode(bytes: Uint8Array<ArrayBuffer>, dtype: NpyDtype): NpyArray["data"] {
  switch (dtype) {
    case "f4":
      return new Float32Array(bytes.buffer);
    case "f8":
      return new Float64Array(bytes.buffer);
    case "f2":
      return fromFloat16(new Uint16Array(bytes.buffer));
    case "i2":
      return new Int16Array(bytes.buffer);
    case "i4":
      return new Int32Array(bytes.buffer);
    case "i8":
      return new BigInt64Array(bytes.buffer);
    default:
      return bytes;
  }
}

/** UTF-32, every element `width` bytes long and padded with zeros; '<U0' holds empty texts. */
function decodeText(
  bytes: Uint8Array<ArrayBuffer>,
  { count, width }: { count: number; width: number },
  name: string,
): string[] {
  const points = new Uint32Array(bytes.buffer);
  if (points.some((point) => point > 0x10ffff)) {
    throw new Error(`${name} is damaged: it has a text with what is no character`);
  }
  const length = width / 4;
  return Array.from({ length: count }, (_, i) => {
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
function toRowMajor<T extends NpyArray["data"]>(data: T, sizes: number[]): T {
  const result = data.slice() as T;
  const shape = sizes.filter((size) => size > 1); // the others say nothing of the order
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
