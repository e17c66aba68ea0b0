import {
  areaY,
  axisX,
  axisY,
  barY,
  dot,
  gridY,
  lineY,
  plot,
  type Markish,
  rect,
  rectY,
  ruleX,
  ruleY,
} from "@observablehq/plot";
import type { FigureAbout } from "./FigureAbout.ts";
import { type PlotFigure, plotDescription, type PlotPoint, type PlotSeries } from "./PlotFigure.ts";
import { binsOf, plotFonts, plotLayout, type PlotLayout, type PlotSize } from "./plotLayout.ts";
import { type SvgElement, svgDocument } from "./SvgElement.ts";
import { type SvgDrawing, svgFile, xmlText } from "./svgFile.ts";
import { clippedTo, figureFont } from "./textWidth.ts";

/** The colours of a drawing, of any form that an SVG takes. */
export interface PlotInk {
  words: string;
  /** Numbers at the axes. */
  numbers: string;
  rules: string;
  /** Of the series, one after the other, and again from the first. */
  series: readonly string[];
}

/** For a file on white paper; they differ in print without colours too. */
export const paperInk: PlotInk = {
  words: "#1a1a1a",
  numbers: "#4a4a4a",
  rules: "#dddddd",
  series: ["#28497c", "#b4442c", "#1b7a4b", "#8a6100", "#6b3fa0", "#4a4a4a"],
};

/** For the page, whose theme may change under it. */
export const pageInk: PlotInk = {
  words: "var(--ink)",
  numbers: "var(--ink-2)",
  rules: "var(--rule)",
  series: [
    ...["var(--accent)", "var(--bad)", "var(--good)"],
    ...["var(--gold-line)", "var(--ink-2)", "var(--ink-3)"],
  ],
};

/** So that lines are told apart where there are no colours. */
const dashes = ["none", "7 3", "2 3", "10 3 2 3", "5 2", "1 4"];
/** More points than these are not marked one by one. */
const MARKED = 24;
const MARGIN = 12;

/** A figure as elements of SVG, drawn by Observable Plot within our own layout. */
export function drawPlot(figure: PlotFigure, size: PlotSize, ink: PlotInk): SvgDrawing {
  const layout = plotLayout(figure, size);
  const { width, height, left, right, top, bottom, x, y } = layout;
  const banded = x.categories.length > 0;
  const drawn = plot({
    document: svgDocument as unknown as Document,
    width,
    height,
    marginLeft: left,
    marginRight: width - right,
    marginTop: top,
    marginBottom: height - bottom,
    x: banded
      ? { type: "band", domain: figure.series.map((_, i) => i), axis: null, padding: 0.08 }
      : { type: x.log ? "log" : "linear", domain: x.domain, axis: null },
    ...(banded ? { fx: { domain: x.categories, axis: null, padding: 0.2 } } : {}),
    y: { type: y.log ? "log" : "linear", domain: y.domain, axis: null },
    marks: [...axes(layout, ink), ...spans(figure, layout, ink), ...marksOf(figure, ink)],
  }) as unknown as SvgElement;
  const shapes = drawn.childNodes
    .filter((child) => (child as SvgElement).tagName !== "style")
    .map((child) => child.written(xmlText));
  const base = `<g fill="${ink.words}" font-size="${plotFonts.word}" text-anchor="middle">`;
  const places = drawn as unknown as { scale(name: "fx"): Band | undefined };
  const below = banded ? categoryWords(layout, places.scale("fx"), ink) : [];
  const marks = [base, ...shapes, "</g>", ...below, ...wordsOf(layout, ink, figure.series)];
  return { width, height, marks };
}

/** A figure as a file of its own: black on white, its title and what it is of in it. */
export function plotSvg(
  figure: PlotFigure,
  { width = 600, run }: { width?: number; run?: FigureAbout["run"] } = {},
): string {
  const { marks, ...size } = drawPlot(
    figure,
    { width: width - 2 * MARGIN, titled: true },
    paperInk,
  );
  const drawing = {
    width: size.width + 2 * MARGIN,
    height: size.height + 2 * MARGIN,
    marks: [`<g transform="translate(${MARGIN} ${MARGIN})">`, ...marks, "</g>"],
  };
  return svgFile(drawing, plotAbout(figure, run));
}

/** What a figure says of itself. */
export const plotAbout = (figure: PlotFigure, run?: FigureAbout["run"]): FigureAbout => ({
  title: figure.title,
  description: plotDescription(figure),
  run,
});

/** A figure within the page, in its theme. */
export function plotPicture(figure: PlotFigure, size: PlotSize): string {
  const { width, height, marks } = drawPlot(figure, size, pageInk);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${figureFont}" aria-hidden="true">${marks.join("")}</svg>`;
}

function axes({ x, y }: PlotLayout, { numbers, rules }: PlotInk): Markish[] {
  const labelled = y.ticks.map(({ value }) => value);
  const textAt = (ticks: readonly { value: number; label: string }[]) => (value: number) =>
    ticks.find((tick) => tick.value === value)?.label ?? "";
  const marks: Markish[] = [
    gridY(labelled, { stroke: rules, strokeOpacity: 1 }),
    axisY(labelled, {
      tickSize: 0,
      tickPadding: 8,
      tickFormat: textAt(y.ticks),
      fill: numbers,
      label: null,
    }),
  ];
  if (x.categories.length > 0) return [...marks, ruleY([y.domain[0]], { stroke: numbers })];
  const across = x.ticks.map(({ value }) => value);
  const axis = axisX(across, {
    tickSize: 5,
    tickPadding: 4,
    tickFormat: textAt(x.ticks),
    fill: numbers,
    stroke: numbers,
    label: null,
  });
  return [...marks, axis];
}

function spans({ spans = [] }: PlotFigure, { y }: PlotLayout, { series }: PlotInk): Markish[] {
  if (spans.length === 0) return [];
  const box = { x1: "from", x2: "to", y1: y.domain[0], y2: y.domain[1] } as const;
  return [rect(spans, { ...box, fill: series[3], fillOpacity: 0.14 })];
}

const marksOf = (figure: PlotFigure, ink: PlotInk): Markish[] =>
  figure.series.flatMap((series, i) => seriesMarks(series, i, ink.series[i % ink.series.length]));

function seriesMarks(series: PlotSeries, i: number, colour: string): Markish[] {
  if (series.kind === "histogram") {
    const bins = { x1: "from", x2: "to", y: "count", inset: 0.5 } as const;
    return [rectY(binsOf(series), { ...bins, fill: colour })];
  }
  if (series.kind === "bars") {
    const places = { fx: "x", x: () => i } as const;
    const sure = series.bars.filter(({ low, high }) => low !== undefined && high !== undefined);
    return [
      barY(series.bars, { ...places, y: "y", fill: colour }),
      ...(sure.length > 0
        ? [ruleX(sure, { ...places, y1: "low", y2: "high", stroke: "currentColor" })]
        : []),
    ];
  }
  const { points, dashed } = series;
  const banded = points.filter(({ low, high }) => low !== undefined && high !== undefined);
  const line = { x: "x", y: "y", stroke: colour, strokeWidth: 2, strokeLinejoin: "round" } as const;
  return [
    ...(banded.length > 1
      ? [areaY(banded, { x: "x", y1: "low", y2: "high", fill: colour, fillOpacity: 0.16 })]
      : []),
    lineY(points, { ...line, strokeDasharray: dashed ? "5 4" : dashes[i % dashes.length] }),
    ...(points.length <= MARKED ? [dots(points, colour)] : []),
  ];
}

const dots = (points: readonly PlotPoint[], colour: string) =>
  dot(points, { x: "x", y: "y", r: 2.6, fill: colour });

/** A scale of Plot's: where each category stands, and how wide it is. */
interface Band {
  apply(category: string): number;
  bandwidth?: number | undefined;
}

/** The bars' names below them, as far as each has room. */
function categoryWords(
  { x, bottom, width }: PlotLayout,
  band: Band | undefined,
  { numbers }: PlotInk,
): string[] {
  if (!band) return [];
  const { bandwidth = width } = band;
  const style = { size: plotFonts.word };
  return x.categories.map((category) => {
    const text = clippedTo(category, bandwidth * 1.2, style);
    const at = band.apply(category) + bandwidth / 2;
    return textMark({ text, x: at, y: bottom + 15, fill: numbers, anchor: "middle" });
  });
}

/** The title, what stands at the axes, and the names of the series, with a mark before them where they are a legend. */
function wordsOf(
  { words }: PlotLayout,
  { words: fill, series: colours }: PlotInk,
  series: readonly PlotSeries[],
): string[] {
  return words.flatMap(({ kind, text, x, y, anchor, series: i }) => {
    if (kind === "title") return [textMark({ text, x, y, fill, anchor, bold: true })];
    if (i === undefined) return [textMark({ text, x, y, fill, anchor })];
    const colour = colours[i % colours.length];
    const isLegend = x >= 20 && words.some((one) => one.kind === "series" && one.x === 20);
    const mark = isLegend ? [legendMark(series[i], { x: x - 18, y, colour, i })] : [];
    return [...mark, textMark({ text, x, y, fill: colour, anchor })];
  });
}

function legendMark(
  series: PlotSeries,
  { x, y, colour, i }: { x: number; y: number; colour: string; i: number },
): string {
  if (series.kind !== "line")
    return `<rect x="${x}" y="${y - 8}" width="12" height="9" fill="${colour}"/>`;
  const dash = series.dashed ? "5 4" : dashes[i % dashes.length];
  return `<line x1="${x}" x2="${x + 14}" y1="${y - 4}" y2="${y - 4}" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/>`;
}

function textMark({ text, x, y, fill, anchor, bold = false }: TextMark): string {
  const size = bold ? plotFonts.title : plotFonts.word;
  const weight = bold ? ' font-weight="bold"' : "";
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="${size}" text-anchor="${anchor}" fill="${fill}"${weight}>${xmlText(text)}</text>`;
}

interface TextMark {
  text: string;
  x: number;
  y: number;
  fill: string;
  anchor: "start" | "middle" | "end";
  bold?: boolean;
}
