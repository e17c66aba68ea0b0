// Offsets and signatures are those of PKWARE's APPNOTE 6.3: end record, central directory, local header.
const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const FULL = 0xffffffff; // "the real value is in the zip64 extra field"
const DEFLATE_LIMIT = 1032; // no deflate stream expands further than this

/** How many bytes at the end of a file hold its end record, whatever comment follows it, and zip64's beside it. */
export const TAIL = 22 + 0xffff + 20 + 56;

/** One file in a zip archive, as its directory has it. */
export interface ZipMember {
  name: string;
  /** 0 stored, 8 deflated. */
  method: number;
  encrypted: boolean;
  crc: number;
  packed: number;
  size: number;
  /** Of its local header. */
  offset: number;
}

/** The ends of a file: all of it, or its first four and its last {@link TAIL} bytes. */
export interface FileEnds {
  head: Uint8Array;
  tail: Uint8Array;
  size: number;
}

/**
 * Where an archive's directory begins, and how many members it has.
 *
 * @throws when the file is none, or is cut short
 */
export function directoryPlace(
  { head, tail, size }: FileEnds,
  what: string,
): { at: number; count: number } {
  const first = head.length < 4 ? 0 : view(head).getUint32(0, true);
  if (first !== LOCAL && first !== END) {
    throw new Error(`${what} is not a zip archive: it does not begin with "PK"`);
  }
  const data = view(tail);
  const end = endRecord(data, what);
  let at = data.getUint32(end + 16, true);
  let count = data.getUint16(end + 10, true);
  if (at === FULL || count === 0xffff) {
    ({ at, count } = zip64End(data, { end, before: size - tail.length }, what));
  }
  if (at > size) throw new Error(`${what} is damaged: its directory is not where its end says`);
  return { at, count };
}

/**
 * An archive's members.
 *
 * @param bytes the file from its directory on
 */
export function readDirectory(bytes: Uint8Array, count: number, what: string): ZipMember[] {
  const data = view(bytes);
  const members: ZipMember[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || data.getUint32(at, true) !== CENTRAL) {
      throw new Error(
        `${what} is damaged: member ${i} of its directory of ${count} cannot be read`,
      );
    }
    members.push(member(data, at));
    at +=
      46 + data.getUint16(at + 28, true) + extraLength(data, at) + data.getUint16(at + 32, true);
  }
  return members;
}

/**
 * Where a member's packed bytes begin.
 *
 * @param local the 30 bytes at its offset
 * @throws when there is no member there, or the file ends before it does
 */
export function dataBegin(
  local: Uint8Array,
  { name, offset, packed }: ZipMember,
  { what, size }: { what: string; size: number },
): number {
  const data = view(local);
  if (local.length < 30 || data.getUint32(0, true) !== LOCAL) {
    throw new Error(`${what} is damaged: "${name}" is not where the directory says`);
  }
  const begin = offset + 30 + data.getUint16(26, true) + data.getUint16(28, true);
  if (begin + packed > size) {
    throw new Error(
      `${what} is cut short: "${name}" needs bytes ${begin}–${begin + packed}, the file has ${size}`,
    );
  }
  return begin;
}

/** Throws where a member is encrypted, or packed by a method that is not read. */
export function checkMethod({ name, encrypted, method }: ZipMember, what: string): void {
  if (encrypted) throw new Error(`${what} cannot be read: "${name}" is encrypted`);
  if (method !== 0 && method !== 8) {
    throw new Error(
      `${what} cannot be read: "${name}" is packed by method ${method}, not stored or deflated`,
    );
  }
}

/** Throws where a member claims more bytes than its packed ones can hold. */
export function checkExpansion({ name, packed, size }: ZipMember, what: string): void {
  if (size <= packed * DEFLATE_LIMIT + 64) return;
  throw new Error(`${what} is refused: "${name}" claims ${size} bytes from ${packed} packed ones`);
}

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const extraLength = (data: DataView, at: number) => data.getUint16(at + 30, true);

/** The end record is the last thing in the file but for a comment of at most 65,535 bytes. */
function endRecord(data: DataView, what: string): number {
  const stop = Math.max(0, data.byteLength - 22 - 0xffff);
  for (let at = data.byteLength - 22; at >= stop; at--) {
    if (data.getUint32(at, true) === END) return at;
  }
  throw new Error(`${what} is cut short: it has no zip directory at its end; fetch it again`);
}

/** As zip64's own end record has it; `before` is how many bytes of the file lie before `data`. */
function zip64End(
  data: DataView,
  { end, before }: { end: number; before: number },
  what: string,
): { at: number; count: number } {
  const record = end >= 20 ? Number(data.getBigUint64(end - 12, true)) - before : data.byteLength;
  if (record < 0 || record + 56 > data.byteLength) {
    throw new Error(`${what} is damaged: bad zip64 directory`);
  }
  return {
    count: Number(data.getBigUint64(record + 32, true)),
    at: Number(data.getBigUint64(record + 48, true)),
  };
}

function member(data: DataView, at: number): ZipMember {
  const name = at + 46;
  const extra = name + data.getUint16(at + 28, true);
  const found: ZipMember = {
    name: text(data, name, extra),
    method: data.getUint16(at + 10, true),
    encrypted: (data.getUint16(at + 8, true) & 1) === 1,
    crc: data.getUint32(at + 16, true),
    packed: data.getUint32(at + 20, true),
    size: data.getUint32(at + 24, true),
    offset: data.getUint32(at + 42, true),
  };
  widen(found, data, extra, extra + extraLength(data, at));
  return found;
}

function text(data: DataView, begin: number, end: number): string {
  if (end > data.byteLength) return "";
  return new TextDecoder().decode(
    new Uint8Array(data.buffer, data.byteOffset + begin, end - begin),
  );
}

/** Replaces the fields that read 0xffffffff by those of the zip64 extra field (id 1), in its order. */
function widen(found: ZipMember, data: DataView, begin: number, end: number): void {
  for (let at = begin; at + 4 <= Math.min(end, data.byteLength - 4);) {
    const next = at + 4 + data.getUint16(at + 2, true);
    let field = at + 4;
    if (data.getUint16(at, true) === 1) {
      for (const key of ["size", "packed", "offset"] as const) {
        if (found[key] !== FULL || field + 8 > Math.min(next, data.byteLength)) continue;
        found[key] = Number(data.getBigUint64(field, true));
        field += 8;
      }
    }
    at = next;
  }
}
