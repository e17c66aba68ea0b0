import { figureFont, textWidth } from "../../data/figure/textWidth.ts";

const SAMPLE = "The Space Needle is in 0.123";
let found: number | undefined;

/**
 * How much smaller a figure's letters are set on this page, at most 1: its layout reckons with Helvetica's widths, and where
 * no such font is, the system's own may be wider than the room that a word has.
 */
export function fontFit(): number {
  found ??= measured();
  return found;
}

function measured(): number {
  const context = document.createElement("canvas").getContext("2d");
  if (!context) return 1;
  context.font = `bold 100px ${figureFont}`;
  const { width } = context.measureText(SAMPLE);
  return width > 0 ? Math.min(1, textWidth(SAMPLE, { size: 100, bold: true }) / width) : 1;
}
