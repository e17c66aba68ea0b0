/** What needs no quotes in any POSIX shell, and looks like nothing but itself. */
const PLAIN = /^[A-Za-z0-9_./:@%+,=-]+$/;

// Control characters but for the end of a line, marks that turn text round, what is invisible, separators and lone
// surrogates: a terminal that they are pasted into could obey them, or show another command than it runs.
const UNSAFE = /[^\P{C}\n]|[\p{Zl}\p{Zp}]/u;

/**
 * A text as one word of a POSIX shell, whatever it holds: in single quotes where it needs them. What a terminal could
 * obey when it is pasted is written by `printf` in octal, so that the command is what it looks like.
 *
 * @throws a sentence for a text with a character that no argument can hold
 */
export function shellWord(text: string): string {
  if (text.includes("\0")) {
    throw new Error("a text with a NUL character cannot be an argument; take it out first");
  }
  if (PLAIN.test(text)) return text;
  const pieces = text.split(UNSAFE_RUN).filter(Boolean);
  return (
    pieces.map((piece) => (UNSAFE.test(piece) ? printed(piece) : quoted(piece))).join("") || "''"
  );
}

const UNSAFE_RUN = new RegExp(`((?:${UNSAFE.source})+)`, "u");

/** A quote ends the quotes, stands by itself, and begins them anew. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** No end of a line is among these, which `$(…)` would drop at the end. */
function printed(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const octal = Array.from(bytes, (byte) => `\\${byte.toString(8).padStart(3, "0")}`);
  return `"$(printf '${octal.join("")}')"`;
}

/** `--prompt 'The Space Needle is in'`; with `=` where the value would look like another option. */
export function shellOption(name: string, value: string | number): string {
  const text = String(value);
  return `--${name}${text.startsWith("-") ? "=" : " "}${shellWord(text)}`;
}
