import { shown } from "../outside/shown.ts";
import type { FigureAbout } from "./FigureAbout.ts";
import { figureFont } from "./textWidth.ts";

/** Text as XML has it: what XML cannot hold is made visible. */
export const xmlText = (text: string): string =>
  shown(text, Infinity)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

/** What a drawing is made of. */
export interface SvgDrawing {
  width: number;
  height: number;
  /** Elements, drawn in their order on white. */
  marks: readonly string[];
}

/** A drawing as a file of its own: on white, in fonts that every system has, with what it is of. */
export function svgFile({ width, height, marks }: SvgDrawing, about: FigureAbout): string {
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  const run = about.run && `<metadata>${xmlText(JSON.stringify(about.run))}</metadata>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" role="img" aria-labelledby="title description" font-family="${figureFont}" font-size="12" fill="#1a1a1a">`,
    `<title id="title">${xmlText(about.title)}</title>`,
    `<desc id="description">${xmlText(about.description)}</desc>`,
    ...(run ? [run] : []),
    `<rect width="${w}" height="${h}" fill="#fff"/>`,
    ...marks,
    "</svg>\n",
  ].join("\n");
}
