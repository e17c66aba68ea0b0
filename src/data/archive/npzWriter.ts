import { crc32 } from "./crc32.ts";
import { type NpyArray, npyHeader, writeNpy } from "./npy.ts";

/** A matrix that is written row by row; `rows` is called twice and must give the same. */
export interface RowsMember {
  shape: [rows: number, columns: number];
  rows: () => Iterable<Float32Array>;
}

const LIMIT = 2 ** 32 - 1; // beyond it zip64 would be needed

/**
 * A stored `.npz` that `numpy.load` reads, piece by piece, so that a matrix need never be there as a whole. The same
 * arrays give the same bytes: every time stamp is 1980-01-01.
 *
 * @throws when a member is larger than 4 GB
 */
export function* npzPieces(members: Record<string, NpyArray | RowsMember>): Generator<Uint8Array> {
  const entries: Uint8Array[] = [];
  let offset = 0;
  for (const [array, member] of Object.entries(members)) {
    const name = new TextEncoder().encode(`${array}.npy`);
    let [crc, size] = [0, 0];
    for (const piece of npyPieces(member)) [crc, size] = [crc32(piece, crc), size + piece.length];
    if (offset + size > LIMIT) throw new Error(`"${array}" is too large for a .npz: ${size} bytes`);
    const common = { name, crc, size };
    yield header(LOCAL, common);
    yield* npyPieces(member);
    entries.push(header(CENTRAL, common, offset));
    offset += 30 + name.length + size;
  }
  yield* entries;
  yield endRecord(entries, offset);
}

function* npyPieces(member: NpyArray | RowsMember): Generator<Uint8Array> {
  if (!("rows" in member)) {
    yield writeNpy(member);
    return;
  }
  yield npyHeader("<f4", member.shape);
  for (const row of member.rows()) {
    yield new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
  }
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const STORED_1980 = [0, 0, 0x21]; // method, time, date

/** A member's local header, or its entry in the directory, where `offset` is that of the former. */
function header(
  signature: number,
  { name, crc, size }: { name: Uint8Array; crc: number; size: number },
  offset = 0,
): Uint8Array {
  const central = signature === CENTRAL;
  const bytes = new Uint8Array((central ? 46 : 30) + name.length);
  const data = new DataView(bytes.buffer);
  data.setUint32(0, signature, true);
  const versions = central ? [20, 20, 0] : [20, 0]; // made by, needed; flags
  const small = [...versions, ...STORED_1980];
  small.forEach((value, i) => data.setUint16(4 + 2 * i, value, true));
  const at = 4 + 2 * small.length;
  [crc, size, size].forEach((value, i) => data.setUint32(at + 4 * i, value, true));
  data.setUint16(at + 12, name.length, true);
  if (central) data.setUint32(42, offset, true);
  bytes.set(name, bytes.length - name.length);
  return bytes;
}

function endRecord(entries: Uint8Array[], offset: number): Uint8Array {
  const bytes = new Uint8Array(22);
  const data = new DataView(bytes.buffer);
  data.setUint32(0, END, true);
  data.setUint16(8, entries.length, true);
  data.setUint16(10, entries.length, true);
  data.setUint32(
    12,
    entries.reduce((sum, entry) => sum + entry.length, 0),
    true,
  );
  data.setUint32(16, offset, true);
  return bytes;
}
