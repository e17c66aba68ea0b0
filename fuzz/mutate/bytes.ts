import type { Random } from "../Random.ts";

/** Numbers at the edges of what formats hold. */
const edges = [0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 2 ** 20, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]; // prettier-ignore
const wide = [...edges, 2 ** 32, 2 ** 40, 2 ** 52, 2 ** 53 - 1];

type Change = (bytes: Uint8Array, random: Random) => Uint8Array;

const joined = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

const place = (bytes: Uint8Array, random: Random) => random.int(bytes.length + 1);

/** A number of 1, 2, 4 or 8 bytes at some place becomes one at an edge, or a little more or less. */
const setNumber: Change = (bytes, random) => {
  const width = random.pick([1, 2, 4, 8]);
  if (bytes.length < width) return bytes;
  const copy = bytes.slice();
  const data = new DataView(copy.buffer);
  const at = random.int(bytes.length - width + 1);
  const value = random.pick(width === 8 ? wide : edges);
  if (width === 8) data.setBigUint64(at, BigInt(value), true);
  else if (width === 4) data.setUint32(at, value, true);
  else if (width === 2) data.setUint16(at, value, true);
  else data.setUint8(at, random.once(2) ? value : data.getUint8(at) + random.pick([1, 255]));
  return copy;
};

const flipBit: Change = (bytes, random) => {
  const copy = bytes.slice();
  if (copy.length > 0) copy[random.int(copy.length)] ^= 1 << random.int(8);
  return copy;
};

const cut: Change = (bytes, random) => bytes.slice(0, place(bytes, random));

const remove: Change = (bytes, random) => {
  const at = place(bytes, random);
  return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + random.int(16)));
};

const insert: Change = (bytes, random) => {
  const at = place(bytes, random);
  return joined(bytes.subarray(0, at), random.bytes(1 + random.int(16)), bytes.subarray(at));
};

const repeat: Change = (bytes, random) => {
  const at = place(bytes, random);
  const piece = bytes.subarray(at, at + 1 + random.int(64));
  const to = place(bytes, random);
  return joined(bytes.subarray(0, to), piece, bytes.subarray(to));
};

const changes: readonly Change[] = [setNumber, setNumber, flipBit, cut, remove, insert, repeat];

/** A file with one to four blind changes. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  let changed = bytes;
  for (let left = 1 + random.int(4); left > 0; left--) {
    changed = random.pick(changes)(changed, random);
  }
  return changed;
}
