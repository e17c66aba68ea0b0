import { inflateSync, zipSync } from "fflate";

// Offsets and signatures are those of PKWARE's APPNOTE 6.3: end record, central directory, local header.
const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const FULL = 0xffffffff; // "the real value is in the zip64 extra field"
const DEFLATE_LIMIT = 1032; // no deflate stream expands further than this

/** What {@link readZip} accepts: `what` names the file in messages, `limit` is in bytes after unpacking. */
export interface ZipOptions {
  what?: string;
  limit?: number;
}

interface Member {
  name: string;
  method: number;
  encrypted: boolean;
  crc: number;
  packed: number;
  size: number;
  offset: number;
}

/**
 * Reads every member of a zip archive, stored or deflated. Stored members are views of `bytes`, not copies.
 *
 * @returns name -> contents; folders are left out
 * @throws one sentence when the archive is cut short, damaged (CRC-32), encrypted, packed by another
 *   method, or would unpack to more than `limit` bytes (default 4 GiB)
 */
export function readZip(
  bytes: Uint8Array,
  { what = "the zip file", limit = 2 ** 32 }: ZipOptions = {},
): Map<string, Uint8Array> {
  const members = directory(bytes, what);
  const total = members.reduce((sum, member) => sum + member.size, 0);
  if (total > limit) {
    throw new Error(`${what} would unpack to ${total} bytes; the limit is ${limit}`);
  }
  const contents = new Map<string, Uint8Array>();
  for (const member of members) {
    if (!member.name.endsWith("/")) contents.set(member.name, unpack(bytes, member, what));
  }
  return contents;
}

/**
 * Writes a zip archive without compression, as `numpy.savez` does. The same members give the same bytes:
 * every time stamp is 1980-01-01.
 *
 * @param members name -> contents
 */
export function writeZip(members: Record<string, Uint8Array>): Uint8Array {
  return zipSync(members, { level: 0, mtime: new Date(1980, 0, 1) });
}

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function directory(bytes: Uint8Array, what: string): Member[] {
  const data = view(bytes);
  const end = endRecord(data, what);
  let at = data.getUint32(end + 16, true);
  let count = data.getUint16(end + 10, true);
  if (at === FULL || count === 0xffff) ({ at, count } = zip64End(data, end, what));
  const members: Member[] = [];
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

const extraLength = (data: DataView, at: number) => data.getUint16(at + 30, true);

/** The end record is the last thing in the file but for a comment of at most 65,535 bytes. */
function endRecord(data: DataView, what: string): number {
  if (
    data.byteLength < 4 ||
    (data.getUint32(0, true) !== LOCAL && data.getUint32(0, true) !== END)
  ) {
    throw new Error(`${what} is not a zip archive: it does not begin with "PK"`);
  }
  const stop = Math.max(0, data.byteLength - 22 - 0xffff);
  for (let at = data.byteLength - 22; at >= stop; at--) {
    if (data.getUint32(at, true) === END) return at;
  }
  throw new Error(`${what} is cut short: it has no zip directory at its end; fetch it again`);
}

function zip64End(data: DataView, end: number, what: string): { at: number; count: number } {
  const record = end >= 20 ? Number(data.getBigUint64(end - 12, true)) : data.byteLength;
  if (record + 56 > data.byteLength) throw new Error(`${what} is damaged: bad zip64 directory`);
  return {
    count: Number(data.getBigUint64(record + 32, true)),
    at: Number(data.getBigUint64(record + 48, true)),
  };
}

function member(data: DataView, at: number): Member {
  const name = at + 46;
  const extra = name + data.getUint16(at + 28, true);
  const found: Member = {
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
function widen(found: Member, data: DataView, begin: number, end: number): void {
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

function unpack(bytes: Uint8Array, member: Member, what: string): Uint8Array {
  if (member.encrypted) throw new Error(`${what} cannot be read: "${member.name}" is encrypted`);
  const packed = packedBytes(bytes, member, what);
  const contents = member.method === 0 ? packed : inflate(packed, member, what);
  if (contents.length !== member.size || crc32(contents) !== member.crc) {
    throw new Error(`${what} is damaged: "${member.name}" does not match its checksum`);
  }
  return contents;
}

function packedBytes(bytes: Uint8Array, member: Member, what: string): Uint8Array {
  const data = view(bytes);
  const { offset, name } = member;
  if (offset + 30 > bytes.length || data.getUint32(offset, true) !== LOCAL) {
    throw new Error(`${what} is damaged: "${name}" is not where the directory says`);
  }
  const begin = offset + 30 + data.getUint16(offset + 26, true) + data.getUint16(offset + 28, true);
  if (begin + member.packed > bytes.length) {
    throw new Error(
      `${what} is cut short: "${name}" needs bytes ${begin}–${begin + member.packed}, the file has ${bytes.length}`,
    );
  }
  return bytes.subarray(begin, begin + member.packed);
}

function inflate(packed: Uint8Array, { name, method, size }: Member, what: string): Uint8Array {
  if (method !== 8) {
    throw new Error(
      `${what} cannot be read: "${name}" is packed by method ${method}, not stored or deflated`,
    );
  }
  if (size > packed.length * DEFLATE_LIMIT + 64) {
    throw new Error(
      `${what} is refused: "${name}" claims ${size} bytes from ${packed.length} packed ones`,
    );
  }
  try {
    return inflateSync(packed, { out: new Uint8Array(size) });
  } catch {
    // A fixed output buffer: a stream that holds more than its directory entry says ends up here too.
    throw new Error(`${what} is damaged: "${name}" does not unpack to its ${size} bytes`);
  }
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = crcTable[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}
