import type { FigureAbout } from "../../data/figure/FigureAbout.ts";
import { pngFile } from "../../data/figure/pngFile.ts";
import { download, rasterise } from "../parts/download.ts";

/** What a figure can be taken away as. */
export type FigureForm = "PDF" | "SVG" | "PNG";

/** Widths of a PNG in pixels: for a screen, for print in one column of a page, and for a poster. */
export const pngWidths = [1200, 2400, 4800] as const;

/** What a printer is told that a PNG has, in pixels to the inch. */
const DPI = 300;

/** A figure as the reader takes it. */
export interface TakenFigure {
  /** Of its file, without its ending. */
  name: string;
  svg: string;
  about: FigureAbout;
  /** Of a PNG, in pixels. */
  width: number;
}

/**
 * Hands a figure to the reader's downloads. What writes PDF is loaded when it is first asked for.
 *
 * @throws where it cannot be drawn, or what writes it cannot be loaded
 */
export async function saveFigure(form: FigureForm, figure: TakenFigure): Promise<void> {
  const { name, svg, about, width } = figure;
  if (form === "SVG") return download(`${name}.svg`, svg, "image/svg+xml");
  if (form === "PNG") {
    const png = pngFile(await rasterise(svg, width), about, DPI);
    return download(`${name}.png`, png, "image/png");
  }
  const { figurePdf } = await import("./figurePdf.ts");
  download(`${name}.pdf`, await figurePdf(svg, about), "application/pdf");
}
