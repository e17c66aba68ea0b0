import {
  barTicks,
  colourScale,
  domain,
  layerTicks,
  layout,
  ramp,
  rowLabel,
  xLabel,
  type HeatmapData,
  type Layout,
} from "./heatmap.ts";

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
  /** A token's name, what stands below the layers, or a value beside the colours. */
  kind: "token" | "tick" | "value";
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
    labels: [...tokenLabels(data, box), ...layerLabels(data, box), ...valueLabels(data, box)],
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
  return Array.from({ length: STEPS }, (_, i) => ({
    x: bar.left,
    y: top + height * i,
    width: bar.width,
    height: height + 0.3,
    fill: ramp(data.kind, 1 - (i + 0.5) / STEPS),
  }));
}

const tokenLabels = (data: HeatmapData, { left, top, cell }: Layout): Label[] =>
  data.tokens.map((_, token) => ({
    kind: "token",
    text: rowLabel(data, token),
    x: left - 7,
    y: top + (token + 0.5) * cell.height,
    subject: token >= data.subjectRange[0] && token < data.subjectRange[1],
  }));

function layerLabels(data: HeatmapData, { left, top, cell }: Layout): Label[] {
  const bottom = top + cell.height * data.tokens.length;
  const numbers = layerTicks(data.layers).map((layer): Label => {
    const x = left + (layer + 0.5) * cell.width;
    return { kind: "tick", text: String(layer), x, y: bottom + 14 };
  });
  const x = left + (cell.width * data.layers) / 2;
  return [...numbers, { kind: "tick", text: xLabel(data), x, y: bottom + 31 }];
}

function valueLabels(data: HeatmapData, { top, cell, bar }: Layout): Label[] {
  const height = cell.height * data.tokens.length;
  const [low, high] = domain(data);
  const values = barTicks(data).map(({ value, label }): Label => {
    const y = top + height * (1 - (value - low) / (high - low));
    return { kind: "value", text: label, x: bar.left + bar.width + 4, y };
  });
  const text = `p(${data.answer.trim()})`;
  const x = bar.left + bar.width / 2 + 4;
  const known = data.scores.some((score) => !Number.isNaN(score));
  return [...(known ? values : []), { kind: "tick", text, x, y: top + height + 14 }];
}
