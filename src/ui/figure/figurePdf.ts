import { PDFDocument, registerStdFonts } from "pdfkit";
import { toBytes } from "pdfkit/output";
import helvetica from "pdfkit/standard-fonts/Helvetica";
import helveticaBold from "pdfkit/standard-fonts/HelveticaBold";
import { type FigureAbout, runLines } from "../../data/figure/FigureAbout.ts";
import { type Letters, lettersPicture } from "./lettersPicture.ts";

registerStdFonts(helvetica, helveticaBold);

/** Points to a pixel of SVG. */
const POINTS = 0.75;

/**
 * A figure as a PDF of one page, its shapes and words as such. Words with letters that Helvetica lacks are pictures. Reads
 * the elements that the figures of Palimpsest are made of: rectangles, lines, circles, paths, groups that are moved, text.
 *
 * @param svg as the figure's SVG file
 */
export function figurePdf(svg: string, about: FigureAbout): Promise<Uint8Array<ArrayBuffer>> {
  const root = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  const [, , width, height] = root.getAttribute("viewBox")!.split(" ").map(Number);
  const document = new PDFDocument({
    size: [width, height].map((side) => side * POINTS) as [number, number],
    margin: 0,
    lang: "en",
    displayTitle: true,
    info: infoOf(about),
  });
  const bytes = toBytes(document);
  document.scale(POINTS);
  drawChildren(document, root, styleOf(root, initial));
  document.end();
  return bytes;
}

function infoOf({ title, description, run }: FigureAbout): Record<string, string | Date> {
  const words = run ? runLines(run).map(([name, value]) => `${name}: ${value}`) : [];
  const creator = run ? `Palimpsest ${run.version}` : "Palimpsest";
  return {
    Title: title,
    Subject: description,
    Keywords: words.join("; "),
    Creator: creator,
    Producer: "pdfkit",
    ...(run ? { CreationDate: new Date(run.begun) } : {}),
  };
}

/** What an element has from those around it where it does not say. */
interface Style {
  fill: string;
  stroke: string;
  width: number;
  dash: string;
  size: number;
  bold: boolean;
  anchor: string;
  /** Of what is filled, from 0 to 1. */
  opacity: number;
}

const initial: Style = {
  fill: "#000",
  stroke: "none",
  width: 1,
  dash: "none",
  size: 12,
  bold: false,
  anchor: "start",
  opacity: 1,
};

function styleOf(element: Element, outer: Style): Style {
  const said = (name: string) => element.getAttribute(name);
  const weight = said("font-weight");
  return {
    fill: said("fill") ?? outer.fill,
    stroke: said("stroke") ?? outer.stroke,
    width: Number(said("stroke-width") ?? outer.width),
    dash: said("stroke-dasharray") ?? outer.dash,
    size: Number.parseFloat(said("font-size") ?? String(outer.size)),
    bold: weight === null ? outer.bold : /bold|[6-9]00/.test(weight),
    anchor: said("text-anchor") ?? outer.anchor,
    opacity: Number(said("fill-opacity") ?? outer.opacity),
  };
}

function drawChildren(document: PDFDocument, parent: Element, style: Style): void {
  for (const element of parent.children) draw(document, element, styleOf(element, style));
}

const number = (element: Element, name: string): number =>
  Number.parseFloat(element.getAttribute(name) ?? "0");

/** A length in pixels, or in letters' heights. */
function length(element: Element, name: string, size: number): number {
  const said = element.getAttribute(name) ?? "0";
  return Number.parseFloat(said) * (said.endsWith("em") ? size : 1);
}

/** Draws an element where its transform says. */
function draw(document: PDFDocument, element: Element, style: Style): void {
  const moved = /translate\(([-\d.e]+)[ ,]+([-\d.e]+)\)/.exec(
    element.getAttribute("transform") ?? "",
  );
  if (!moved) return shape(document, element, style);
  document.save();
  document.translate(Number(moved[1]), Number(moved[2]));
  shape(document, element, style);
  document.restore();
}

function shape(document: PDFDocument, element: Element, style: Style): void {
  const all = (...names: string[]) => names.map((name) => number(element, name));
  switch (element.tagName) {
    case "g":
      return drawChildren(document, element, style);
    case "rect": {
      const [x, y, width, height] = all("x", "y", "width", "height");
      return paint(document, () => document.rect(x, y, width, height), style);
    }
    case "circle": {
      const [x, y, radius] = all("cx", "cy", "r");
      return paint(document, () => document.circle(x, y, radius), style);
    }
    case "line": {
      const [x1, y1, x2, y2] = all("x1", "y1", "x2", "y2");
      return paint(document, () => document.path(`M${x1} ${y1}L${x2} ${y2}`), {
        ...style,
        fill: "none",
      });
    }
    case "polyline":
      return paint(document, () => document.path(`M${element.getAttribute("points")!}`), style);
    case "path":
      return paint(document, () => document.path(element.getAttribute("d")!), style);
    case "text":
      return text(document, element, style);
  }
}

/** Fills a path or draws along it; nothing of ours has both. */
function paint(document: PDFDocument, path: () => PDFDocument, style: Style): void {
  const { fill, stroke, width, dash, opacity } = style;
  document.save();
  if (stroke !== "none") {
    const [length, space] = dash.split(/[ ,]+/).map(Number);
    document.lineWidth(width);
    if (length > 0) document.dash(length, { space });
    path().stroke(inked(stroke));
  } else if (fill !== "none") {
    if (opacity < 1) document.fillOpacity(opacity);
    path().fill(inked(fill));
  }
  document.restore();
}

function text(document: PDFDocument, element: Element, style: Style): void {
  const { size, bold, fill, anchor } = style;
  const words = element.textContent.replaceAll("−", "–");
  const x = length(element, "x", size);
  const y = length(element, "y", size) + length(element, "dy", size);
  document.font(bold ? "Helvetica-Bold" : "Helvetica", size).fillColor(inked(fill));
  const picture = isWinAnsi(words) ? undefined : lettersPicture({ text: words, size, bold, fill });
  const width = picture?.width ?? document.widthOfString(words);
  const left = anchor === "end" ? x - width : anchor === "middle" ? x - width / 2 : x;
  if (!picture) document.text(words, left, y, { lineBreak: false, baseline: "alphabetic" });
  else place(document, picture, left, y);
}

function place(document: PDFDocument, picture: Letters, x: number, y: number): void {
  const { png, width, height, above } = picture;
  document.image(png, x, y - above, { width, height });
}

/** What is drawn in the colour of the text around it is black. */
const inked = (colour: string): string => (colour === "currentColor" ? "#1a1a1a" : colour);

/** Whether the fonts that every reader of PDF has can write a text. */
const isWinAnsi = (words: string): boolean =>
  /^[\u0020-\u007E\u00A1-\u00FF€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]*$/.test(words);
