import { clippedTo, textWidth, wrapped } from "../../data/figure/textWidth.ts";
import type { Tick } from "../../data/figure/tickLabels.ts";
import {
  barTicks,
  domain,
  type HeatmapData,
  isSubject,
  quantityOf,
  rowLabel,
  xLabel,
} from "./heatmap.ts";

/** Sizes of the words of a heatmap. */
export const fontSizes = { token: 12, tick: 11 } as const;

/** Where everything stands, in units of one SVG pixel: each word has room of its own. */
export interface Layout {
  width: number;
  height: number;
  /** The cells' box. */
  left: number;
  top: number;
  cell: { width: number; height: number };
  bar: { left: number; width: number };
  /** A row's label each, as far as it has room. */
  rows: string[];
  /** Layers that get a number. */
  layers: number[];
  /** The values beside the colours. */
  values: (Tick & { y: number })[];
  /** What the colours mean, above them; and what is across, in lines below the layers' numbers. */
  quantity: string;
  across: string[];
}

const tick = { size: fontSizes.tick };
/** Above the cells, for what the colours mean. */
const TOP = 24;
const BAR = 10;
/** Between cells and colours, between colours and their values, between a token and its cells. */
const GAPS = { bar: 12, value: 4, token: 7 };
/** The least width of a cell, so that a pointer finds it, and of all cells together. */
const CELL = 7;
const CELLS = 120;
/** From one line of small words to the next, and the least from one value beside the colours to the next. */
const LINE = 15;
const APART = 14;

/** A layout of `width`, or of the width that the layers need at least. */
export function layout(data: HeatmapData, width: number): Layout {
  const tokens = data.tokens.length;
  const cellHeight = rowHeight(tokens);
  const bottom = TOP + cellHeight * tokens;
  const values = valueTicks(data, cellHeight * tokens);
  const right = Math.ceil(Math.max(0, ...values.map(({ label }) => textWidth(label, tick))));
  const beside = GAPS.bar + BAR + GAPS.value + right + 1;
  const { left, rows } = labels(data, width);
  const whole = Math.max(width, left + Math.max(CELLS, CELL * data.layers) + beside);
  const bar = { left: whole - beside + GAPS.bar, width: BAR };
  const cell = { width: (whole - beside - left) / data.layers, height: cellHeight };
  const across = wrapped(xLabel(data), whole, tick);
  return {
    width: whole,
    height: bottom + 18 + LINE * across.length,
    left,
    top: TOP,
    cell,
    bar,
    rows,
    layers: layerTicks(data.layers, cell.width),
    values,
    quantity: clippedTo(quantityOf(data), whole, tick),
    across,
  };
}

const rowHeight = (rows: number) => (rows <= 10 ? 22 : rows <= 20 ? 18 : 15);

/** The tokens beside the cells; they take what the longest needs, at most a third of the width. */
function labels(data: HeatmapData, width: number): Pick<Layout, "left" | "rows"> {
  const style = (token: number) => ({ size: fontSizes.token, bold: isSubject(data, token) });
  const most = Math.max(60, Math.floor(width / 3)) - GAPS.token - 1;
  const rows = data.tokens.map((_, token) => clippedTo(rowLabel(data, token), most, style(token)));
  const longest = Math.max(20, ...rows.map((text, token) => textWidth(text, style(token))));
  return { left: Math.ceil(longest) + GAPS.token + 1, rows };
}

/** Layers that get a number below: all where they are few, every fifth, or what has room. */
export function layerTicks(layers: number, cellWidth: number): number[] {
  const widest = textWidth(String(layers - 1), tick) + 6;
  const steps = layers <= 12 ? [1, 2, 5, 10] : [5, 10, 20, 50];
  const step = steps.find((some) => some * cellWidth >= widest) ?? layers;
  return Array.from({ length: Math.ceil(layers / step) }, (_, i) => i * step);
}

/** As many values beside the colours as stand apart, down a bar of some height. */
function valueTicks(data: HeatmapData, height: number): Layout["values"] {
  if (!data.scores.some((score) => !Number.isNaN(score))) return [];
  const [low, high] = domain(data);
  const placed = (count: number) =>
    barTicks(data, count).map((one) => ({
      ...one,
      y: TOP + height * (1 - (Math.max(low, one.value) - low) / (high - low)),
    }));
  for (let count = Math.min(5, Math.floor(height / 26)); count > 1; count--) {
    const ticks = placed(count);
    const apart = ticks.every(({ y }, i) => i === 0 || Math.abs(y - ticks[i - 1].y) >= APART);
    if (ticks.length > 1 && apart) return ticks;
  }
  return placed(1).slice(0, 1);
}
