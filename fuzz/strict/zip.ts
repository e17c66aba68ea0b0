import { constants, crc32, inflateRawSync } from "node:zlib";

// The rules of Python's zipfile, with which NumPy opens archives, one after the other.

/**
 * The members of an archive by their names; only those that are asked for are opened.
 *
 * @throws where a rule is broken
 */
export function checkZip(
  bytes: Uint8Array,
  only: (name: string) => boolean = () => true,
): Map<string, Uint8Array> {
  const file = Buffer.from(bytes);
  const end = file.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  must(end >= 0 && end + 22 <= file.length, "an end record");
  const [length, at] = [file.readUInt32LE(end + 12), file.readUInt32LE(end + 16)];
  const before = end - length - at;
  must(before >= 0, "a directory that is there");
  const entries = directory(file.subarray(end - length, end));
  const starts = entries.map(({ offset }) => offset + before).sort((a, b) => a - b);
  const members = new Map<string, Uint8Array>();
  for (const entry of entries) {
    const name = entry.name.toString("latin1");
    if (!only(name)) continue;
    const begin = entry.offset + before;
    const limit = starts.find((start) => start > begin) ?? end - length;
    must(starts.filter((start) => start === begin).length === 1, "members that do not overlap");
    members.set(name, contents(file, entry, { begin, limit }));
  }
  return members;
}

/** The names in an archive's directory. */
export function namesIn(bytes: Uint8Array): string[] {
  const names: string[] = [];
  checkZip(bytes, (name) => names.push(name) < 0);
  return names;
}

interface Entry {
  name: Buffer;
  flags: number;
  method: number;
  crc: number;
  packed: number;
  size: number;
  offset: number;
}

function directory(data: Buffer): Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at < data.length;) {
    must(at + 46 <= data.length && data.readUInt32LE(at) === 0x02014b50, "entries of a directory");
    const [name, extra, comment] = [28, 30, 32].map((field) => data.readUInt16LE(at + field));
    must(data.readUInt16LE(at + 6) <= 63, "a version that is known");
    checkExtra(data.subarray(at + 46 + name, at + 46 + name + extra));
    entries.push({
      name: data.subarray(at + 46, at + 46 + name),
      flags: data.readUInt16LE(at + 8),
      method: data.readUInt16LE(at + 10),
      crc: data.readUInt32LE(at + 16),
      packed: data.readUInt32LE(at + 20),
      size: data.readUInt32LE(at + 24),
      offset: data.readUInt32LE(at + 42),
    });
    at += 46 + name + extra + comment;
  }
  return entries;
}

function checkExtra(extra: Buffer): void {
  for (let at = 0; at + 4 <= extra.length;) {
    at += 4 + extra.readUInt16LE(at + 2);
    must(at <= extra.length, "extra fields that are whole");
  }
}

function contents(
  file: Buffer,
  { name, flags, method, crc, packed, size }: Entry,
  { begin, limit }: { begin: number; limit: number },
): Uint8Array {
  must(begin + 30 <= file.length && file.readUInt32LE(begin) === 0x04034b50, "a local header");
  const [length, extra] = [file.readUInt16LE(begin + 26), file.readUInt16LE(begin + 28)];
  must(file.subarray(begin + 30, begin + 30 + length).equals(name), "the same name twice");
  must((flags & 0x61) === 0, "no encryption and no patch");
  const data = begin + 30 + length + extra;
  must(data + packed <= limit, "members that do not overlap");
  const bytes = file.subarray(data, data + packed);
  must(method === 0 || method === 8, "a method that is known");
  // A stream that breaks off is enough for zipfile, where all that is told came before.
  const bound = { maxOutputLength: 2 ** 24, finishFlush: constants.Z_SYNC_FLUSH };
  const whole = method === 0 ? bytes : inflateRawSync(bytes, bound);
  must(whole.length === size && crc32(whole) === crc, "the checksum");
  return whole;
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`zipfile wants ${what}`);
}
