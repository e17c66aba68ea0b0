import { figureFont } from "../../data/figure/textWidth.ts";

/** A text as a picture: a PNG as a data address, and where its letters stand on their line. */
export interface Letters {
  png: string;
  width: number;
  height: number;
  /** How far it reaches above the line. */
  above: number;
}

/** Pixels to the unit: enough for print. */
const FINE = 8;

/** Draws a text in the fonts of this system, which have letters that a standard font lacks. */
export function lettersPicture(style: {
  text: string;
  size: number;
  bold: boolean;
  fill: string;
}): Letters {
  const { text, size, bold, fill } = style;
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d")!;
  const font = `${bold ? "bold " : ""}${size * FINE}px ${figureFont}`;
  context.font = font;
  const { width } = context.measureText(text);
  const [above, below] = [size * 1.1, size * 0.4];
  canvas.width = Math.max(1, Math.ceil(width));
  canvas.height = Math.ceil((above + below) * FINE);
  context.font = font;
  context.fillStyle = fill;
  context.fillText(text, 0, above * FINE);
  const png = canvas.toDataURL("image/png");
  return { png, width: canvas.width / FINE, height: canvas.height / FINE, above };
}
