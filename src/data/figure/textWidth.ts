/** The fonts of figures: all of the widths below, on every system that has one of the first three. */
export const figureFont = "Helvetica, Arial, 'Liberation Sans', sans-serif";

/** Helvetica's advances of " " to "~", in thousandths of the size. */
const ascii = [
  ...[278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278],
  ...[556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556],
  ...[1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778],
  ...[667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556],
  ...[333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556],
  ...[556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584],
];
/** Of a letter that Helvetica may lack, and of one as wide as high. */
const OTHER = 700;
const WIDE = 1000;
const wide =
  /\p{Extended_Pictographic}|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60]/u;
/** What bold letters, and a font that is not quite Helvetica, may take more. */
const BOLD = 1.08;
const SPARE = 1.05;

/** How text is set. */
export interface TextStyle {
  /** The font's size. */
  size: number;
  bold?: boolean | undefined;
}

/** The width that a text takes at most where it is set in {@link figureFont}, in the unit of its size. */
export function textWidth(text: string, { size, bold = false }: TextStyle): number {
  const advances = Array.from(text.normalize("NFD"), advanceOf);
  const sum = advances.reduce((a, b) => a + b, 0) / 1000;
  return sum * size * SPARE * (bold ? BOLD : 1);
}

function advanceOf(letter: string): number {
  const code = letter.codePointAt(0)! - 32;
  if (code >= 0 && code < ascii.length) return ascii[code];
  if (/\p{M}/u.test(letter)) return 0;
  return wide.test(letter) ? WIDE : OTHER;
}

/** A text that takes no more than `width`: its end is left out for a “…” where it would. */
export function clippedTo(text: string, width: number, style: TextStyle): string {
  if (textWidth(text, style) <= width) return text;
  const letters = Array.from(text);
  let [fits, over] = [0, letters.length];
  while (fits + 1 < over) {
    const middle = (fits + over) >> 1;
    const clipped = `${letters.slice(0, middle).join("")}…`;
    if (textWidth(clipped, style) <= width) fits = middle;
    else over = middle;
  }
  return `${letters.slice(0, fits).join("").trimEnd()}…`;
}

/** A text in lines of at most `width`, broken between words; a word that is wider is clipped. */
export function wrapped(text: string, width: number, style: TextStyle): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = lines.length > 0 ? `${lines[lines.length - 1]} ${word}` : word;
    if (lines.length > 0 && textWidth(longer, style) <= width) lines[lines.length - 1] = longer;
    else lines.push(clippedTo(word, width, style));
  }
  return lines;
}
