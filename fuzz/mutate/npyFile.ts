import type { Random } from "../Random.ts";
import { mutateBytes } from "./bytes.ts";

const pieces = [
  "'descr'", "'fortran_order'", "'shape'", "'<f4'", "'<f8'", "'|b1'", "'<U3'", "'<U0'", "'|O'", "'>i4'", "'<i8'",
  "True", "False", "()", "(2,)", "(2, 2)", "(-1,)", "(4294967296, 4294967296)", "(0, 9007199254740993)", "(2)", "[2]",
  "(02,)", "(2L,)", "(1e3,)", "(True,)", "None", "{", "}", ",", ":", "'x': 1", " ", "\n", "\u001b[2J", "\u0000", "é",
  "('a', '<f4')", "[('x', '<f4')]", `(${"1, ".repeat(70)})`, "'", '"',
]; // prettier-ignore

/** The elements after another header text, in a version of the format, with its true length or another. */
function npyOf(text: string, data: Uint8Array, { version = [1, 0], length = text.length } = {}) {
  const start = [0x93, 78, 85, 77, 80, 89, ...version, length & 255, (length >> 8) & 255];
  const wide = version[0] > 1 ? [(length >> 16) & 255, (length >> 24) & 255] : [];
  return Uint8Array.from([...start, ...wide, ...Buffer.from(text, "latin1"), ...data]);
}

/** A `.npy` file with faults in its header's words, its version, its length or its elements. */
export function mutateNpy(bytes: Uint8Array, random: Random): Uint8Array {
  const length = bytes[8] | (bytes[9] << 8);
  const text = Buffer.from(bytes.subarray(10, 10 + length)).toString("latin1");
  const data = bytes.subarray(10 + length);
  const words = text.match(/'[^']*'|\([^)]*\)|\w+|\s+|./g) ?? [];
  switch (random.int(8)) {
    case 0:
      return npyOf(text, mutateBytes(data, random));
    case 1:
      return npyOf(text, data, { version: [random.int(5), random.once(3) ? 1 : 0] });
    case 2:
      return npyOf(text, data, { length: random.pick([0, 1, 2, length - 1, length + 1, 65_535]) });
    case 3:
      return mutateBytes(bytes, random);
    default:
      for (let left = 1 + random.int(2); left > 0; left--) {
        const at = random.int(words.length + 1);
        words.splice(at, random.int(2), random.pick([...pieces, ...words]));
      }
      return npyOf(
        words.join(""),
        random.once(6) ? data.subarray(0, random.int(data.length)) : data,
      );
  }
}
