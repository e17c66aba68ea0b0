// The rules of numpy.lib.format.read_array, one after the other, for the element types that are read here.

const widths: Record<string, number> = { f4: 4, f8: 8, f2: 2, i2: 2, i4: 4, i8: 8, u1: 1, b1: 1 };

/** Throws where a rule is broken. */
export function checkNpy(bytes: Uint8Array): void {
  const file = Buffer.from(bytes);
  must(file.subarray(0, 6).equals(Buffer.from("\x93NUMPY", "latin1")), "its magic");
  const [major, minor] = file.subarray(6, 8);
  must([1, 2, 3].includes(major) && minor === 0, "a version that is known");
  const start = major === 1 ? 10 : 12;
  must(file.length >= start, "a length");
  const length = major === 1 ? file.readUInt16LE(8) : file.readUInt32LE(8);
  must(length <= 10_000 && start + length <= file.length, "a whole header");
  const text = file.subarray(start, start + length).toString("latin1");
  const { descr, fortran_order: fortran, shape } = literal(text);
  must(typeof fortran === "boolean", "an order");
  const [, order, kind] = /^([<|=])?(U\d+|[a-z]\d)$/.exec(String(descr)) ?? [];
  must(order !== undefined, "little-endian elements");
  const width = kind.startsWith("U") ? 4 * Number(kind.slice(1)) : widths[kind];
  must(width !== undefined && width < 2 ** 31, "a type");
  must(Array.isArray(shape) && shape.length <= 64, "a shape of at most 64 axes");
  const sizes = shape as unknown[];
  must(sizes.every((n) => Number.isInteger(n) && (n as number) >= 0), "whole lengths"); // prettier-ignore
  const filled = (sizes as number[]).filter(Boolean).reduce((a, b) => a * b, Math.max(1, width));
  must(filled < 2 ** 63, "a size that can be said");
  const count = (sizes as number[]).reduce((a, b) => a * b, 1);
  must(start + length + count * width <= file.length, "all its elements");
}

/** Python's literal by way of JSON. */
function literal(text: string): Record<string, unknown> {
  must(!/[\\\x0b]/.test(text), "no escapes");
  const strings: string[] = [];
  const bare = text.replace(/'([^'\n]*)'|"([^"\n]*)"/g, (_, a?: string, b?: string) => {
    strings.push(JSON.stringify(a ?? b));
    return `"#${strings.length - 1}"`;
  });
  must(!/[[\]]|null|true|false/.test(bare), "a tuple as its shape");
  const json = bare
    .replace(/\bTrue\b/g, "true")
    .replace(/\bFalse\b/g, "false")
    .replace(/(\d)L\b/g, "$1")
    .replace(/\(\s*(\d+)\s*\)/g, '"no tuple"')
    .replace(/,(\s*)([)}])/g, "$1$2")
    .replace(/\(/g, "[")
    .replace(/\)/g, "]")
    .replace(/\f/g, " ");
  must(!/\(\s*,/.test(bare), "a tuple");
  const value = JSON.parse(json.replace(/"#(\d+)"/g, (_, i: string) => strings[Number(i)])) as object; // prettier-ignore
  must(Object.keys(value).sort().join() === "descr,fortran_order,shape", "three keys");
  return value as Record<string, unknown>;
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`NumPy wants ${what}`);
}
