import { crc32 } from "./crc32.ts";

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
/** "The real value is in the zip64 extra field." */
const FULL = 0xffffffff;
const UTF8 = 0x0800;
const NEW_YEAR_1980 = 0x21;

/** A stored member of an archive, and where its local header begins. */
export interface StoredMember {
  name: string;
  crc: number;
  size: number;
  offset: number;
}

/**
 * A stored zip archive as the parts of a Blob, which the browser may put away on disk: members of any number and size come
 * in pieces, and zip64 is used where they need it. The same members give the same bytes: every time stamp is 1980-01-01.
 */
export class ZipParts {
  readonly #parts: BlobPart[] = [];
  readonly #members: StoredMember[] = [];
  #size = 0;

  /** Adds a member whole; one whose pieces end early with an error is not in the archive. */
  async add(name: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const contents: Blob[] = [];
    let [waiting, length, crc, size]: [BlobPart[], number, number, number] = [[], 0, 0, 0];
    for await (const piece of pieces) {
      crc = crc32(piece, crc);
      size += piece.length;
      waiting.push(piece as Uint8Array<ArrayBuffer>);
      length += piece.length;
      if (length < 2 ** 20) continue;
      contents.push(new Blob(waiting));
      [waiting, length] = [[], 0];
    }
    const member = { name, crc, size, offset: this.#size };
    const header = localHeader(member);
    this.#parts.push(header, ...contents, ...waiting);
    this.#members.push(member);
    this.#size += header.length + size;
  }

  /** The archive. */
  blob(): Blob {
    const end = directory(this.#members, this.#size);
    return new Blob([...this.#parts, ...end], { type: "application/zip" });
  }
}

/** What stands before a member's contents. */
export function localHeader(member: StoredMember): Uint8Array<ArrayBuffer> {
  const { name, crc, size } = member;
  const wide = size >= FULL;
  const extra = wide ? extraOf([size, size]) : new Uint8Array();
  const bytes = new TextEncoder().encode(name);
  const header = new DataView(new ArrayBuffer(30));
  header.setUint32(0, LOCAL, true);
  setShorts(header, 4, [wide ? 45 : 20, UTF8, 0, 0, NEW_YEAR_1980]);
  setLongs(header, 14, [crc, wide ? FULL : size, wide ? FULL : size]);
  setShorts(header, 26, [bytes.length, extra.length]);
  return joined(header, bytes, extra);
}

/** What stands behind the last member, at byte `at`. */
export function directory(members: readonly StoredMember[], at: number): Uint8Array<ArrayBuffer>[] {
  const entries = members.map(entryOf);
  const length = entries.reduce((sum, entry) => sum + entry.length, 0);
  const wide = at + length >= FULL || members.length >= 0xffff;
  const count = Math.min(members.length, 0xffff);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, END, true);
  setShorts(end, 8, [count, count]);
  setLongs(end, 12, [Math.min(length, FULL), Math.min(at, FULL)]);
  const wideEnd = wide ? [endOf64({ count: members.length, length, at })] : [];
  return [...entries, ...wideEnd, joined(end)];
}

function entryOf(member: StoredMember): Uint8Array<ArrayBuffer> {
  const { name, crc, size, offset } = member;
  const sizes = size >= FULL ? [size, size] : [];
  const wide = [...sizes, ...(offset >= FULL ? [offset] : [])];
  const extra = wide.length ? extraOf(wide) : new Uint8Array();
  const bytes = new TextEncoder().encode(name);
  const header = new DataView(new ArrayBuffer(46));
  header.setUint32(0, CENTRAL, true);
  const version = wide.length ? 45 : 20;
  setShorts(header, 4, [version, version, UTF8, 0, 0, NEW_YEAR_1980]);
  setLongs(header, 16, [crc, Math.min(size, FULL), Math.min(size, FULL)]);
  setShorts(header, 28, [bytes.length, extra.length]);
  header.setUint32(42, Math.min(offset, FULL), true);
  return joined(header, bytes, extra);
}

/** Zip64's own end record, and the locator that leads to it. */
function endOf64({ count, length, at }: { count: number; length: number; at: number }) {
  const end = new DataView(new ArrayBuffer(56 + 20));
  end.setUint32(0, END64, true);
  end.setBigUint64(4, 44n, true);
  setShorts(end, 12, [45, 45]);
  [count, count, length, at].forEach((value, i) =>
    end.setBigUint64(24 + 8 * i, BigInt(value), true),
  );
  end.setUint32(56, LOCATOR64, true);
  end.setBigUint64(64, BigInt(at + length), true);
  end.setUint32(72, 1, true);
  return joined(end);
}

/** Zip64's extra field. */
function extraOf(values: readonly number[]): Uint8Array {
  const extra = new DataView(new ArrayBuffer(4 + 8 * values.length));
  setShorts(extra, 0, [1, 8 * values.length]);
  values.forEach((value, i) => extra.setBigUint64(4 + 8 * i, BigInt(value), true));
  return new Uint8Array(extra.buffer);
}

function setShorts(data: DataView, at: number, values: readonly number[]) {
  values.forEach((value, i) => data.setUint16(at + 2 * i, value, true));
}

function setLongs(data: DataView, at: number, values: readonly number[]) {
  values.forEach((value, i) => data.setUint32(at + 4 * i, value, true));
}

function joined(head: DataView, ...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = [new Uint8Array(head.buffer as ArrayBuffer), ...parts];
  const bytes = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of all) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
