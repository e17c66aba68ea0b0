import { zipSync } from "fflate";
import { bounds } from "../outside/bounds.ts";
import { shown } from "../outside/shown.ts";
import { crc32 } from "./crc32.ts";
import { Inflater } from "./inflate.ts";
import {
  checkExpansion,
  checkMethod,
  dataBegin,
  directoryPlace,
  localLength,
  readDirectory,
  type ZipMember,
} from "./zipDirectory.ts";

/** What {@link readZip} accepts. */
export interface ZipOptions {
  /** Names the file in messages. */
  what?: string | undefined;
  /** In bytes, of what is read, after unpacking; default: {@link bounds}. */
  limit?: number | undefined;
  /** Which members are wanted, by their names; the others are not unpacked. */
  only?: ((name: string) => boolean) | undefined;
}

/**
 * Reads the members of a zip archive, stored or deflated. Stored members are views of `bytes`, not copies.
 *
 * @returns name -> contents; folders are left out
 * @throws one sentence when the archive is cut short, damaged (CRC-32), encrypted, packed by another method, has members
 *   that share bytes, or would unpack to more than `limit` bytes
 */
export function readZip(bytes: Uint8Array, options: ZipOptions = {}): Map<string, Uint8Array> {
  const { limit = bounds.unpacked, only = () => true } = options;
  const what = shown(options.what ?? "the zip file", 80);
  const place = directoryPlace({ head: bytes, tail: bytes, size: bytes.length }, what);
  const members = readDirectory(bytes.subarray(place.at), place, what).filter(
    ({ name }) => !name.endsWith("/") && only(name),
  );
  for (const member of members) checkMember(member, what);
  const total = members.reduce((sum, member) => sum + member.size, 0);
  if (total > limit) {
    throw new Error(`${what} would unpack to ${total} bytes; the limit is ${limit}`);
  }
  return new Map(members.map((member) => [member.name, unpack(bytes, member, what)]));
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

function checkMember(member: ZipMember, what: string): void {
  checkMethod(member, what);
  checkExpansion(member, what);
}

function unpack(bytes: Uint8Array, member: ZipMember, what: string): Uint8Array {
  const local = bytes.subarray(member.offset, member.offset + localLength(member));
  const begin = dataBegin(local, member, { what, size: bytes.length });
  const packed = bytes.subarray(begin, begin + member.packed);
  const contents = member.method === 0 ? packed : inflated(packed, member, what);
  if (contents.length !== member.size || crc32(contents) !== member.crc) {
    throw new Error(`${what} is damaged: "${shown(member.name)}" does not match its checksum`);
  }
  return contents;
}

function inflated(packed: Uint8Array, { name, size }: ZipMember, what: string): Uint8Array {
  const problem = `"${shown(name)}" does not unpack to its ${size} bytes`;
  const damaged = () => new Error(`${what} is damaged: ${problem}`);
  const contents = new Uint8Array(size);
  let at = 0;
  for (const piece of new Inflater(size, damaged).push(packed)) {
    contents.set(piece, at);
    at += piece.length;
  }
  if (at === size) return contents;
  throw damaged();
}
