import type { Random } from "../Random.ts";
import { mutateBytes } from "./bytes.ts";

const latin = (text: string) => Buffer.from(text, "latin1");
const word = (text: string) => latin(`X${String.fromCharCode(text.length)}\0\0\0${text}`);

const strange: readonly Uint8Array[] = [
  ...["]", "}", ")", "(", "t", "e", "u", "s", "a", "b", "R", "Q", "N", ".", "0", "1", "2", "o", "i", "l"].map(latin),
  ...["\x88", "\x85", "\x86", "\x87", "\x81", "\x82\x01", "\x93", "\x8a\x01\xff", "\x8a\xff", "G\x7f\xf8\0\0\0\0\0\0"].map(latin),
  ...["K\0", "K\xff", "M\xff\xff", "J\xff\xff\xff\xff", "J\xff\xff\xff\x7f", "h\0", "h\x63", "q\0", "r\xff\xff\xff\x7f"].map(latin),
  ...["cos\nsystem\n", "c__builtin__\neval\n", "ccollections\nOrderedDict\n", "ctorch\nFloatStorage\n"].map(latin),
  ...["ctorch._utils\n_rebuild_tensor_v2\n", "ctorch._utils\n_rebuild_parameter\n", "c\n\u001b[2J\n"].map(latin),
  ...["storage", "../../etc", "\xff\xfe", "0", "cpu", ""].map(word),
  latin("X\xff\xff\xff\xff"),
  latin("\x80\x04"),
  latin("}".repeat(3000)),
]; // prettier-ignore

/** Bytes after each instruction of protocol 2 that torch.save writes; texts and lines say themselves how many. */
const operands: Record<string, number> = {
  "\x80": 1,
  J: 4,
  K: 1,
  M: 2,
  G: 8,
  q: 1,
  r: 4,
  h: 1,
  j: 4,
};

/** The instructions of a pickle, each with its operand. */
function instructions(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + lengthAt(bytes, at);
    found.push(bytes.subarray(at, end));
    at = end;
  }
  return found;
}

function lengthAt(bytes: Uint8Array, at: number): number {
  const letter = String.fromCharCode(bytes[at]);
  if (letter === "X") return 5 + (bytes[at + 1] | (bytes[at + 2] << 8));
  if (letter === "\x8a") return 2 + bytes[at + 1];
  if (letter !== "c") return 1 + (operands[letter] ?? 0);
  return bytes.indexOf(10, bytes.indexOf(10, at) + 1) + 1 - at;
}

/** A pickle with instructions left out, doubled, exchanged or put in, or blind changes. */
export function mutatePickle(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.once(4)) return mutateBytes(bytes, random);
  const list = instructions(bytes);
  for (let left = 1 + random.int(3); left > 0; left--) {
    const [at, other] = [random.int(list.length), random.int(list.length)];
    switch (random.int(4)) {
      case 0:
        list.splice(at, 1 + random.int(2));
        break;
      case 1:
        list.splice(at, 0, list[other]);
        break;
      case 2:
        list[at] = mutateBytes(list[at], random);
        break;
      default:
        list.splice(at, random.int(2), random.pick(strange));
    }
    if (list.length === 0) break;
  }
  return new Uint8Array(Buffer.concat(list));
}
