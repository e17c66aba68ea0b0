// Control characters (C0, DEL, C1), the marks that turn text round, the separators that break a line, and what is
// invisible or no character at all: any of these in a sentence could hide, fake or run something.
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Cs}/gu;

const short = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

const escaped = (character: string) => {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16).padStart(4, "0");
  return short.get(character) ?? (hex.length > 4 ? `\\u{${hex}}` : `\\u${hex}`);
};

/**
 * Text from outside as it may stand in a sentence: control characters, newlines, bidirectional marks and lone
 * surrogates as visible escapes, and what is too long cut in the middle with an ellipsis. Never throws.
 *
 * @param text anything: what is no text is shown as JSON has it, or by its type
 * @param longest how many characters the answer may have at most
 */
export function shown(text: unknown, longest = 60): string {
  const plain = typeof text === "string" ? text : asText(text);
  // No more is escaped than can be shown: a name of a gigabyte costs no more than one of sixty letters.
  const long = plain.length > 2 * longest;
  const near = long ? `${plain.slice(0, longest)}${plain.slice(-longest)}` : plain;
  const pieces = Array.from(near.replace(UNSAFE, escaped));
  if (!long && pieces.length <= longest) return pieces.join("");
  const begin = Math.ceil((longest - 1) / 2);
  const end = longest - 1 - begin;
  return `${pieces.slice(0, begin).join("")}…${pieces.slice(pieces.length - end).join("")}`;
}

/**
 * Lines that hold text from outside as they may go to a terminal: like {@link shown}, but whole, and with its own newlines
 * and tabs. JSON stays the same JSON: its escapes are JSON's, but for characters beyond U+FFFF.
 */
export const printable = (lines: string): string =>
  lines.replace(UNSAFE, (character) => (/[\n\t]/.test(character) ? character : escaped(character)));

function asText(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null || typeof value === "boolean" || typeof value === "bigint")
    return String(value);
  if (typeof value === "number") return Number.isNaN(value) ? "not a number" : String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
