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
}

const initial: Style = {
  fill: "#000",
  stroke: "none",
  width: 1,
  dash: "none",
  size: 12,
  bold: false,
  anchor: "start",
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
  };
}

function drawChildren(document: PDFDocument, parent: Element, style: Style): void {
  for (const element of parent.children) draw(document, element, styleOf(element, style));
}

const number = (element: Element, name: string): number =>
  Number.parseFloat(element.getAttribute(name) ?? "0");

function draw(document: PDFDocument, element: Element, style: Style): void {
  const all = (...names: string[]) => names.map((name) => number(element, name));
  switch (element.tagName) {
    case "g":
      return group(document, element, style);
    case "rect": {
      const [x, y, width, height] = all("x", "y", "width", "height");
      return paint(document.rect(x, y, width, height), style);
    }
    case "circle": {
      const [x, y, radius] = all("cx", "cy", "r");
      return paint(document.circle(x, y, radius), style);
    }
    case "line": {
      const [x1, y1, x2, y2] = all("x1", "y1", "x2", "y2");
      return paint(document.path(`M${x1} ${y1}L${x2} ${y2}`), { ...style, fill: "none" });
    }
    case "polyline":
      return paint(document.path(`M${element.getAttribute("points")!}`), style);
    case "path":
      return paint(document.path(element.getAttribute("d")!), style);
    case "text":
      return text(document, element, style);
  }
}

function group(document: PDFDocument, element: Element, style: Style): void {
  const moved = /translate\(([-\d.]+)[ ,]+([-\d.]+)\)/.exec(
    element.getAttribute("transform") ?? "",
  );
  document.save();
  if (moved) document.translate(Number(moved[1]), Number(moved[2]));
  drawChildren(document, element, style);
  document.restore();
}

function paint(document: PDFDocument, { fill, stroke, width, dash }: Style): void {
  // Nothing of ours has both: pdfkit's path ends where it is painted.
  if (stroke === "none") {
    if (fill !== "none") document.fill(fill);
    return;
  }
  const [length, space] = dash.split(/[ ,]+/).map(Number);
  document.lineWidth(width);
  if (length > 0) document.dash(length, { space });
  document.stroke(stroke);
  if (length > 0) document.undash();
}

function text(document: PDFDocument, element: Element, style: Style): void {
  const { size, bold, fill, anchor } = style;
  const words = element.textContent.replaceAll("−", "–");
  const dy = element.getAttribute("dy") ?? "0";
  const down = Number.parseFloat(dy) * (dy.endsWith("em") ? size : 1);
  const [x, y] = [number(element, "x"), number(element, "y") + down];
  document.font(bold ? "Helvetica-Bold" : "Helvetica", size).fillColor(fill);
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

/** Whether the fonts that every reader of PDF has can write a text. */
const isWinAnsi = (words: string): boolean =>
  /^[\u0020-\u007E\u00A1-\u00FF€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]*$/.test(words);
