import { inflateSync, zipSync } from "fflate";
import { crc32 } from "./crc32.ts";
import {
  checkExpansion,
  checkMethod,
  dataBegin,
  directoryPlace,
  readDirectory,
  type ZipMember,
} from "./zipDirectory.ts";

/** What {@link readZip} accepts: `what` names the file in messages, `limit` is in bytes after unpacking. */
export interface ZipOptions {
  what?: string;
  limit?: number;
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
  const place = directoryPlace({ head: bytes, tail: bytes, size: bytes.length }, what);
  const members = readDirectory(bytes.subarray(place.at), place.count, what);
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

function unpack(bytes: Uint8Array, member: ZipMember, what: string): Uint8Array {
  checkMethod(member, what);
  const local = bytes.subarray(member.offset, member.offset + 30);
  const begin = dataBegin(local, member, { what, size: bytes.length });
  const packed = bytes.subarray(begin, begin + member.packed);
  const contents = member.method === 0 ? packed : inflate(packed, member, what);
  if (contents.length !== member.size || crc32(contents) !== member.crc) {
    throw new Error(`${what} is damaged: "${member.name}" does not match its checksum`);
  }
  return contents;
}

function inflate(packed: Uint8Array, member: ZipMember, what: string): Uint8Array {
  checkExpansion(member, what);
  try {
    return inflateSync(packed, { out: new Uint8Array(member.size) });
  } catch {
    // A fixed output buffer: a stream that holds more than its directory entry says ends up here too.
    throw new Error(
      `${what} is damaged: "${member.name}" does not unpack to its ${member.size} bytes`,
    );
  }
}
