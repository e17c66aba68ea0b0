import { bounds } from "../outside/bounds.ts";
import { shown } from "../outside/shown.ts";

/** The element types that are understood, by NumPy's letters; "U" is text, "b1" is 0 or 1. */
export type NpyDtype = "f4" | "f8" | "f2" | "i2" | "i4" | "i8" | "u1" | "b1" | "U";

/** Bytes of an element of each type of numbers. */
export const itemBytes: Record<Exclude<NpyDtype, "U">, number> = {
  f4: 4,
  f8: 8,
  f2: 2,
  i2: 2,
  i4: 4,
  i8: 8,
  u1: 1,
  b1: 1,
};

/** What the beginning of a `.npy` file says of the rest. */
export interface NpyHeader {
  dtype: NpyDtype;
  /** Bytes per element. */
  width: number;
  /** Whether the elements lie in column-major order. */
  fortran: boolean;
  shape: number[];
  /** How many elements that is. */
  count: number;
  /** Where the elements begin. */
  begin: number;
}

const MAGIC = "\x93NUMPY";
/** The magic, the version and the length, of either width. */
const PREFIX = 12;

/**
 * How many bytes a `.npy` header takes, itself included.
 *
 * @param bytes its first twelve or more
 * @param name how messages call it, with its file
 * @throws one sentence: no array, another version, or a header that is cut short or beyond NumPy's own bound
 */
export function npyHeaderLength(bytes: Uint8Array, name: string): number {
  if (String.fromCharCode(...bytes.subarray(0, 6)) !== MAGIC) {
    throw new Error(`${name} is not a NumPy array: it does not begin with \\x93NUMPY`);
  }
  if (bytes.length < PREFIX) throw incomplete(name);
  const [major, minor] = bytes.subarray(6, 8);
  if (!(major >= 1 && major <= 3) || minor !== 0) {
    throw new Error(
      `${name} has version ${major}.${minor} of the .npy format; expected 1.0, 2.0 or 3.0`,
    );
  }
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = major === 1 ? data.getUint16(8, true) : data.getUint32(8, true);
  if (length > bounds.npyHeader) {
    throw new Error(
      `${name} is refused: its header takes ${length} bytes, at most ${bounds.npyHeader} are read`,
    );
  }
  // Any header is longer than what stands before it.
  if (length < PREFIX) throw incomplete(name);
  return prefixOf(major) + length;
}

/**
 * Reads a `.npy` header, as strictly as NumPy: a dictionary of `descr`, `fortran_order` and `shape`, and nothing else.
 *
 * @param name how messages call the array, with its file
 * @throws as {@link npyHeaderLength}; pickled objects, which are never loaded; another element type; a shape of too many
 *   axes or elements
 */
export function readNpyHeader(bytes: Uint8Array, name: string): NpyHeader {
  const begin = npyHeaderLength(bytes, name);
  if (begin > bytes.length) throw incomplete(name);
  const text = String.fromCharCode(...bytes.subarray(prefixOf(bytes[6]), begin));
  const fields = dictionary(text);
  const [descr, fortran, shape] = ["descr", "fortran_order", "shape"].map((key) =>
    fields?.get(key),
  );
  const sizes = shape === undefined ? undefined : axes(shape);
  if (
    !fields ||
    descr === undefined ||
    !/^['"[]/.test(descr) ||
    !/^[TF]/.test(fortran ?? "") ||
    !sizes
  ) {
    throw new Error(`${name} is damaged: its header reads ${shown(text.trim(), 80)}`);
  }
  const type = elementType(descr === "[" ? "a record type" : descr.slice(1, -1), name);
  const count = elementCount(sizes, type, name);
  return { ...type, fortran: fortran === "True", shape: sizes, count, begin };
}

const incomplete = (name: string) => new Error(`${name} is cut short: its header is incomplete`);

const prefixOf = (version: number) => (version === 1 ? 10 : PREFIX);

const ITEM =
  /[ \t\n\r\f]*(?:'(\w+)'|"(\w+)")[ \t\n\r\f]*:[ \t\n\r\f]*(True|False|'[ -&(-[\]-~]*'|"[ !#-[\]-~]*"|\([\d, \t\n\r\fL]*\)|\[)[ \t\n\r\f]*/y;

/** The three items of Python's literal by their keys; undefined where it is none, or has others. A list is cut. */
function dictionary(text: string): Map<string, string> | undefined {
  const whole = /^[ \t\n\r\f]*\{/.exec(text);
  const fields = new Map<string, string>();
  let at = whole?.[0].length ?? text.length;
  for (;;) {
    ITEM.lastIndex = at;
    const [item, single, double, value] = ITEM.exec(text) ?? [];
    const key = single ?? double;
    if (item === undefined || value === undefined || fields.has(key)) break;
    fields.set(key, value);
    if (key === "descr" && value === "[")
      return fields.set("fortran_order", "True").set("shape", "()");
    at += item.length;
    if (text[at] === ",") at++;
    else break;
  }
  const right = fields.size === 3 && /^[ \t\n\r\f]*\}[ \t\n\r\f]*$/.test(text.slice(at));
  return right ? fields : undefined;
}

/** `(2, 3)` and `(2,)`; undefined for what is no tuple of whole numbers. Python 2 wrote an L after long ones. */
function axes(tuple: string): number[] | undefined {
  const parts = tuple.slice(1, -1).split(",");
  if (parts.length === 1) return parts[0].trim() === "" ? [] : undefined;
  if (parts.at(-1)!.trim() === "") parts.pop();
  const sizes = parts.map((part) => /^(0|[1-9]\d*)L?$/.exec(part.trim())?.[1]);
  return sizes.every((size) => size !== undefined) ? sizes.map(Number) : undefined;
}

function elementType(descr: string, name: string): { dtype: NpyDtype; width: number } {
  if (descr.includes("O")) {
    throw new Error(`${name} holds pickled Python objects, which are never loaded`);
  }
  const text = /^[<=|]U(\d{1,8})$/.exec(descr);
  if (text) return { dtype: "U", width: 4 * Number(text[1]) };
  const dtype = descr.slice(1) as keyof typeof itemBytes;
  const little = descr[0] === "<" || descr[0] === "|" || descr[0] === "=";
  if (!little || !Object.hasOwn(itemBytes, dtype)) {
    throw new Error(
      `${name} has elements of type ${shown(descr)}; supported are little-endian ${Object.keys(itemBytes).join(", ")} and U`,
    );
  }
  return { dtype, width: itemBytes[dtype] };
}

/** NumPy counts the bytes of the axes that are not empty, and has no more than fit its index. */
function elementCount(shape: number[], { width }: { width: number }, name: string): number {
  if (shape.length > bounds.axes) {
    throw new Error(
      `${name} is refused: it has ${shape.length} axes, NumPy has at most ${bounds.axes}`,
    );
  }
  const bytes = shape.filter(Boolean).reduce((product, size) => product * size, width || 1);
  const count = shape.includes(0) ? 0 : bytes / (width || 1);
  if (!Number.isSafeInteger(bytes) || (width === 0 && count > bounds.emptyTexts)) {
    throw new Error(
      `${name} is refused: its shape (${shown(shape.join(", "))}) has more elements than can be held`,
    );
  }
  return count;
}
