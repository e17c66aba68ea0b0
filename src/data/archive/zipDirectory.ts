import { bounds } from "../outside/bounds.ts";
import { shown } from "../outside/shown.ts";

// Offsets and signatures are those of PKWARE's APPNOTE 6.3: end record, central directory, local header.
const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const LOCATOR64 = 0x07064b50;
const END64 = 0x06064b50;
const NEWEST = 63; // the newest version of the format that APPNOTE describes
const FULL = 0xffffffff; // "the real value is in the zip64 extra field"
const DEFLATE_LIMIT = 1032; // no deflate stream expands further than this

/** How many bytes at the end of a file hold its end record, whatever comment follows it, and zip64's beside it. */
export const TAIL = 22 + 0xffff + 20 + 56;

/** One file in a zip archive, as its directory has it. */
export interface ZipMember {
  name: string;
  /** As it stands in the file, where it must stand again before the member. */
  nameBytes: Uint8Array;
  /** 0 stored, 8 deflated. */
  method: number;
  flags: number;
  /** Ten times the version of the format that is needed to read it. */
  needs: number;
  crc: number;
  packed: number;
  size: number;
  /** Of its local header. */
  offset: number;
  /** Where the next member begins, or the directory: its bytes end before. */
  limit: number;
}

/** The ends of a file: all of it, or its first four and its last {@link TAIL} bytes. */
export interface FileEnds {
  head: Uint8Array;
  tail: Uint8Array;
  size: number;
}

/** Where a directory lies in its file, [at, end), and how many members it has. */
export interface DirectoryPlace {
  at: number;
  end: number;
  count: number;
}

/**
 * Where an archive's directory is: directly before the record at the end of the file that tells it.
 *
 * @param what names the file in messages
 * @throws one sentence when the file is none, is cut short, or has more than the bounds allow
 */
export function directoryPlace({ head, tail, size }: FileEnds, what: string): DirectoryPlace {
  const first = head.length < 4 ? 0 : view(head).getUint32(0, true);
  if (first !== LOCAL && first !== END) {
    throw new Error(`${what} is not a zip archive: it does not begin with "PK"`);
  }
  const data = view(tail);
  const before = size - tail.length;
  const end = endRecord(data, what);
  const wide = zip64Place(data, { end, before }, what);
  const place = wide ?? {
    at: data.getUint32(end + 16, true),
    length: data.getUint32(end + 12, true),
    count: data.getUint16(end + 10, true),
    end: before + end,
  };
  if (place.at + place.length !== place.end) {
    throw new Error(`${what} is damaged: its directory is not where its end says`);
  }
  checkBound(what, "members", place.count, bounds.zipMembers);
  checkBound(what, "bytes of directory", place.length, bounds.zipDirectory);
  return { at: place.at, end: place.end, count: place.count };
}

function checkBound(what: string, of: string, value: number, bound: number): void {
  if (value <= bound) return;
  throw new Error(`${what} is refused: it has ${value} ${of}, at most ${bound} are read`);
}

/**
 * An archive's members. Their names differ, and none shares a byte with another.
 *
 * @param bytes the file from its directory on
 * @param what names the file in messages
 * @throws one sentence that names the member
 */
export function readDirectory(
  bytes: Uint8Array,
  { at: begin, end, count }: DirectoryPlace,
  what: string,
): ZipMember[] {
  const data = view(bytes.subarray(0, end - begin));
  const members: ZipMember[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const next = entryEnd(data, at);
    if (next === undefined) {
      throw new Error(
        `${what} is damaged: member ${i} of its directory of ${count} cannot be read`,
      );
    }
    members.push({ ...readMember(data, at, what), limit: begin });
    at = next;
  }
  if (at !== end - begin)
    throw new Error(`${what} is damaged: its directory is longer than it says`);
  checkNames(members, what);
  setLimits(members);
  return members;
}

/** Two members of one name: readers differ in which of them they take. */
function checkNames(members: readonly ZipMember[], what: string): void {
  const names = new Set<string>();
  for (const { name } of members) {
    if (names.has(name)) throw new Error(`${what} is damaged: it has "${shown(name)}" twice`);
    names.add(name);
  }
}

function setLimits(members: readonly ZipMember[]): void {
  const sorted = [...members].sort((a, b) => a.offset - b.offset);
  for (const [i, { offset }] of sorted.slice(1).entries()) {
    sorted[i].limit = Math.min(sorted[i].limit, offset);
  }
}

/** How many bytes from a member's offset on {@link dataBegin} needs. */
export const localLength = ({ nameBytes }: ZipMember): number => 30 + nameBytes.length;

/**
 * Where a member's packed bytes begin.
 *
 * @param local the bytes at its offset, {@link localLength} of them
 * @throws when there is no member of that name there, the file ends before it does, or it reaches into the next one
 */
export function dataBegin(
  local: Uint8Array,
  member: ZipMember,
  { what, size }: { what: string; size: number },
): number {
  const { offset, packed, limit, nameBytes } = member;
  const data = view(local);
  const name = shown(member.name);
  const there = local.length >= 30 && data.getUint32(0, true) === LOCAL;
  const same = there && data.getUint16(26, true) === nameBytes.length;
  if (!same || !nameBytes.every((byte, i) => local[30 + i] === byte)) {
    throw new Error(`${what} is damaged: "${name}" is not where the directory says`);
  }
  const begin = offset + 30 + nameBytes.length + data.getUint16(28, true);
  if (begin + packed > size) {
    throw new Error(
      `${what} is cut short: "${name}" needs bytes ${begin}–${begin + packed}, the file has ${size}`,
    );
  }
  if (begin + packed > limit) {
    throw new Error(`${what} is refused: "${name}" shares bytes with another of its members`);
  }
  return begin;
}

// Encrypted, strongly so, and with local headers that hide it.
const [ENCRYPTED, PATCHED] = [0x2041, 0x20];

/** Throws where a member is encrypted, a patch, or packed by a method that is not read. */
export function checkMethod({ name, flags, needs, method }: ZipMember, what: string): void {
  const member = `"${shown(name)}"`;
  if (flags & ENCRYPTED) throw new Error(`${what} cannot be read: ${member} is encrypted`);
  if (flags & PATCHED) throw new Error(`${what} cannot be read: ${member} is a patch`);
  if (method !== 0 && method !== 8) {
    throw new Error(
      `${what} cannot be read: ${member} is packed by method ${method}, not stored or deflated`,
    );
  }
  if (needs <= NEWEST) return;
  throw new Error(
    `${what} cannot be read: ${member} needs version ${needs / 10} of the zip format`,
  );
}

/** Throws where a member claims more bytes than its packed ones can hold, or than weights ever do. */
export function checkExpansion({ name, packed, size }: ZipMember, what: string): void {
  const most = Math.max(bounds.unpackedFree, packed * bounds.expansion);
  if (size <= Math.min(packed * DEFLATE_LIMIT + 64, most)) return;
  throw new Error(
    `${what} is refused: "${shown(name)}" claims ${size} bytes from ${packed} packed ones`,
  );
}

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The end record is the last thing in the file but for a comment of at most 65,535 bytes. */
function endRecord(data: DataView, what: string): number {
  const last = data.byteLength - 22;
  for (let at = last; at >= Math.max(0, last - 0xffff); at--) {
    if (data.getUint32(at, true) !== END) continue;
    const wide = at >= 20 && data.getUint32(at - 20, true) === LOCATOR64;
    if (data.getUint16(at + 4, true) !== 0 && !wide) {
      throw new Error(`${what} cannot be read: it is one of several parts of an archive`);
    }
    return at;
  }
  throw new Error(`${what} is cut short: it has no zip directory at its end; fetch it again`);
}

/** What zip64's own end record says, where there is one; `before` is how many bytes of the file lie before `data`. */
function zip64Place(
  data: DataView,
  { end, before }: { end: number; before: number },
  what: string,
): (DirectoryPlace & { length: number }) | undefined {
  const locator = end - 20;
  if (locator < 0 || data.getUint32(locator, true) !== LOCATOR64) return undefined;
  const record = Number(data.getBigUint64(locator + 8, true)) - before;
  const one = data.getUint32(locator + 4, true) === 0 && data.getUint32(locator + 16, true) <= 1;
  const inside = record >= 0 && record + 56 <= locator;
  if (!one || !inside || data.getUint32(record, true) !== END64)
    throw new Error(`${what} is damaged: bad zip64 directory`);
  return {
    count: Number(data.getBigUint64(record + 32, true)),
    length: Number(data.getBigUint64(record + 40, true)),
    at: Number(data.getBigUint64(record + 48, true)),
    end: before + record,
  };
}

/** Where an entry of the directory ends; undefined where there is none, or not whole. */
function entryEnd(data: DataView, at: number): number | undefined {
  if (at + 46 > data.byteLength || data.getUint32(at, true) !== CENTRAL) return undefined;
  const lengths = [28, 30, 32].map((field) => data.getUint16(at + field, true));
  const next = lengths.reduce((sum, length) => sum + length, at + 46);
  return next <= data.byteLength ? next : undefined;
}

function readMember(data: DataView, at: number, what: string): Omit<ZipMember, "limit"> {
  const name = at + 46;
  const extra = name + data.getUint16(at + 28, true);
  const flags = data.getUint16(at + 8, true);
  const nameBytes = new Uint8Array(data.buffer, data.byteOffset + name, extra - name);
  const found = {
    name: nameOf(nameBytes, flags, what),
    nameBytes,
    method: data.getUint16(at + 10, true),
    flags,
    needs: data.getUint16(at + 6, true),
    crc: data.getUint32(at + 16, true),
    packed: data.getUint32(at + 20, true),
    size: data.getUint32(at + 24, true),
    offset: data.getUint32(at + 42, true),
  };
  const fields = { begin: extra, end: extra + data.getUint16(at + 30, true) };
  if (widen(found, data, fields)) return found;
  throw new Error(`${what} is damaged: the sizes of "${shown(found.name)}" cannot be read`);
}

const UTF8 = 0x800;

/** In UTF-8, which some say and some do not; bytes that are none, where none is said, stand for themselves. */
function nameOf(bytes: Uint8Array, flags: number, what: string): string {
  try {
    const name = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!name.includes("\0")) return name;
  } catch {
    if (!(flags & UTF8)) return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  }
  throw new Error(`${what} is damaged: the name of one of its members is no text`);
}

type Sizes = Pick<ZipMember, "packed" | "size" | "offset">;

/**
 * Replaces the fields that read 0xffffffff by those of the zip64 extra field (id 1), in its order; false where the extra
 * fields are cut short.
 */
function widen(
  found: Sizes,
  data: DataView,
  { begin, end }: { begin: number; end: number },
): boolean {
  for (let at = begin; at + 4 <= end;) {
    const next = at + 4 + data.getUint16(at + 2, true);
    if (next > end) return false;
    let field = at + 4;
    if (data.getUint16(at, true) === 1) {
      for (const key of ["size", "packed", "offset"] as const) {
        if (found[key] !== FULL) continue;
        if (field + 8 > next) return false;
        found[key] = Number(data.getBigUint64(field, true));
        field += 8;
      }
    }
    at = next;
  }
  return true;
}
