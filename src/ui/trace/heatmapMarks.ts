import { colourScale, type HeatmapData, isSubject, ramp } from "./heatmap.ts";
import { layout, type Layout } from "./heatmapLayout.ts";
import { textWidth } from "../../data/figure/textWidth.ts";

/** A cell: a hair wider than its place, so that no seam shows between two of them. */
export interface Cell {
  token: number;
  layer: number;
  x: number;
  y: number;
  width: number;
  height: number;
  /** NaN where nothing is computed (yet). */
  score: number;
  /** Its colour; none without a score. */
  fill: string | undefined;
}

/** A word of the drawing. */
export interface Label {
  /** A token's name, what stands below the layers, a value beside the colours, or what those mean. */
  kind: "token" | "tick" | "value" | "quantity";
  text: string;
  x: number;
  y: number;
  /** A token of the subject. */
  subject?: boolean;
}

/** Everything that is drawn, in units of one SVG pixel; the page and the file draw the same. */
export interface Marks {
  box: Layout;
  /** The lower edge of the cells. */
  bottom: number;
  /** Tokens top to bottom, layers left to right. */
  rows: Cell[][];
  /** The bar of colours. */
  colours: { x: number; y: number; width: number; height: number; fill: string }[];
  labels: Label[];
}

/** Steps of the bar of colours. */
const STEPS = 64;

/** A heatmap that fills `width`. */
export function heatmapMarks(data: HeatmapData, width: number): Marks {
  const box = layout(data, width);
  const bottom = box.top + box.cell.height * data.tokens.length;
  return {
    box,
    bottom,
    rows: data.tokens.map((_, token) => cellsOf(data, box, token)),
    colours: coloursOf(data, box, bottom),
    labels: [
      ...tokenLabels(data, box),
      ...layerLabels(box, bottom, data.layers),
      ...valueLabels(box),
    ],
  };
}

function cellsOf(data: HeatmapData, { left, top, cell }: Layout, token: number): Cell[] {
  const colour = colourScale(data);
  return Array.from({ length: data.layers }, (_, layer) => {
    const score = data.scores[token * data.layers + layer];
    return {
      token,
      layer,
      score,
      x: left + layer * cell.width,
      y: top + token * cell.height,
      width: cell.width + 0.3,
      height: cell.height + 0.3,
      fill: Number.isNaN(score) ? undefined : colour(score),
    };
  });
}

function coloursOf(data: HeatmapData, { top, bar }: Layout, bottom: number): Marks["colours"] {
  const height = (bottom - top) / STEPS;
  const colour = ramp(data);
  return Array.from({ length: STEPS }, (_, i) => ({
    x: bar.left,
    y: top + height * i,
    width: bar.width,
    height: height + 0.3,
    fill: colour(1 - (i + 0.5) / STEPS),
  }));
}

const tokenLabels = (data: HeatmapData, { left, top, cell, rows }: Layout): Label[] =>
  rows.map((text, token) => ({
    kind: "token",
    text,
    x: left - 7,
    y: top + (token + 0.5) * cell.height,
    subject: isSubject(data, token),
  }));

function layerLabels(box: Layout, bottom: number, layers: number): Label[] {
  const { left, cell, width, across } = box;
  const numbers = box.layers.map((layer): Label => {
    const x = left + (layer + 0.5) * cell.width;
    return { kind: "tick", text: String(layer), x, y: bottom + 14 };
  });
  const middle = left + (cell.width * layers) / 2;
  const lines = across.map((text, i): Label => {
    const half = textWidth(text, { size: 11 }) / 2;
    const x = Math.max(half, Math.min(width - half, middle));
    return { kind: "tick", text, x, y: bottom + 29 + 15 * i };
  });
  return [...numbers, ...lines];
}

function valueLabels({ bar, values, quantity, width }: Layout): Label[] {
  const x = bar.left + bar.width + 4;
  return [
    ...values.map(({ label, y }): Label => ({ kind: "value", text: label, x, y })),
    { kind: "quantity", text: quantity, x: width, y: 12 },
  ];
}
