import { crc32, deflateRawSync } from "node:zlib";
import type { Random } from "../Random.ts";
import { mutateBytes } from "./bytes.ts";

/** A member of an archive. */
export interface Member {
  name: string;
  bytes: Uint8Array;
  deflated?: boolean;
}

/** What is written in place of the truth, of one member or of the end record, by the field's name. */
type Lies = Partial<Record<string, number>>;

const number = (value: number, width: 2 | 4) => {
  const bytes = Buffer.alloc(width);
  if (width === 2) bytes.writeUInt16LE(value & 0xffff);
  else bytes.writeUInt32LE(value >>> 0);
  return bytes;
};

/**
 * A zip archive, with lies in the fields that are named; alignment fills the local headers as PyTorch's writer does.
 *
 * @param lies per member; under "end" those of the end record
 */
export function zipOf(
  members: readonly Member[],
  lies: Record<string | number, Lies> = {},
  alignment = 1,
): Uint8Array {
  const [parts, directory]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  members.forEach(({ name, bytes, deflated = false }, i) => {
    const own = lies[i] ?? {};
    const field = (key: string, truth: number, width: 2 | 4) => number(own[key] ?? truth, width);
    const packed = deflated ? deflateRawSync(bytes) : Buffer.from(bytes);
    const title = Buffer.from(name);
    const gap = (alignment - ((offset + 30 + title.length + 4) % alignment)) % alignment;
    const extra = alignment > 1 ? Buffer.concat([Buffer.from("FB"), number(gap, 2), Buffer.alloc(gap, "Z")]) : Buffer.alloc(0); // prettier-ignore
    const common = Buffer.concat([
      field("needs", 20, 2),
      field("flags", 0, 2),
      field("method", deflated ? 8 : 0, 2),
      number(0x210000, 4),
      field("crc", crc32(bytes), 4),
      field("packed", packed.length, 4),
      field("size", bytes.length, 4),
      number(title.length, 2),
    ]);
    const local = Buffer.concat([number(0x04034b50, 4), common, number(extra.length, 2), title, extra, packed]); // prettier-ignore
    const more = Buffer.alloc(Math.min(own.extra ?? 0, 300), own.fill ?? 0);
    const rest = [field("extraLength", more.length, 2), number(0, 2), number(0, 2), number(0, 2), number(0, 4)]; // prettier-ignore
    directory.push(Buffer.concat([number(0x02014b50, 4), number(20, 2), common, ...rest, field("offset", offset, 4), title, more])); // prettier-ignore
    parts.push(local);
    offset += local.length;
  });
  const end = lies.end ?? {};
  const length = directory.reduce((sum, { length }) => sum + length, 0);
  const tail = Buffer.concat([
    number(0x06054b50, 4),
    number(end.disk ?? 0, 2),
    number(0, 2),
    number(members.length, 2),
    number(end.count ?? members.length, 2),
    number(end.length ?? length, 4),
    number(end.at ?? offset, 4),
    number(end.comment ?? 0, 2),
  ]);
  return new Uint8Array(Buffer.concat([...parts, ...directory, tail]));
}

const fields = ["needs", "flags", "method", "crc", "packed", "size", "offset", "extra", "extraLength"]; // prettier-ignore
const values = [0, 1, 2, 8, 9, 10, 20, 0x40, 0x800, 0xffff, 2 ** 20, 2 ** 31, 2 ** 32 - 1];
const names = ["", "/", "a/", "../x", "a\u0000b", "\u001b[2J", "é", "x".repeat(300)];

/**
 * An archive of these members with faults: in a member's contents, whose checksum is right, in a field, in a name, a member
 * too many or too few; or blind changes of the bytes.
 *
 * @param mutate changes the contents of a member
 */
export function mutateMembers(
  members: readonly Member[],
  random: Random,
  {
    mutate = mutateBytes,
    alignment = 1,
  }: {
    mutate?: (bytes: Uint8Array, random: Random, name: string) => Uint8Array;
    alignment?: number;
  } = {},
): Uint8Array {
  const list = members.map((member) => ({
    ...member,
    deflated: alignment === 1 && random.once(2),
  }));
  const at = random.int(list.length);
  const chosen = list[at];
  const lies: Record<string | number, Lies> = {};
  switch (random.int(9)) {
    case 0:
      lies[at] = { [random.pick(fields)]: random.pick(values) };
      break;
    case 1:
      lies.end = {
        [random.pick(["disk", "count", "length", "at", "comment"])]: random.pick(values),
      };
      break;
    case 2:
      chosen.name = random.pick([...names, ...list.map(({ name }) => name)]);
      break;
    case 3:
      if (random.once(2)) list.splice(at, 1);
      else list.push({ ...chosen, name: random.once(2) ? chosen.name : "other" });
      break;
    case 4:
      lies[at] = { offset: random.int(200), size: chosen.bytes.length + random.int(3) - 1 };
      break;
    case 5:
      return mutateBytes(zipOf(list, lies, alignment), random);
    default:
      chosen.bytes = mutate(chosen.bytes.slice(), random, chosen.name);
  }
  return zipOf(list, lies, alignment);
}
