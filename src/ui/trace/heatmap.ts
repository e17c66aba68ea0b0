import { scaleLinear } from "d3-scale";
import { interpolateGreens, interpolatePurples, interpolateReds } from "d3-scale-chromatic";

export type Kind = "state" | "mlp" | "attn";

/** What a heatmap shows: p(answer) with one state restored, rows of tokens, columns of layers. */
export interface HeatmapData {
  kind: Kind;
  window: number;
  model: string;
  /** Tokens as text, top to bottom. */
  tokens: string[];
  subjectRange: [begin: number, end: number];
  answer: string;
  layers: number;
  lowScore: number;
  highScore: number;
  /** [token, layer]; NaN where nothing is computed (yet). */
  scores: Float32Array;
}

const colours: Record<Kind, (t: number) => string> = {
  state: interpolatePurples,
  mlp: interpolateGreens,
  attn: interpolateReds,
};
const names: Record<Kind, string> = { state: "state", mlp: "MLP", attn: "Attn" };

/** The title that the paper gives the plot. */
export const title = (kind: Kind) => `Impact of restoring ${names[kind]} after corrupted input`;

/** The label under the layers, as in the paper. */
export function xLabel({ kind, window, model }: Pick<HeatmapData, "kind" | "window" | "model">) {
  if (kind === "state") return `single restored layer within ${model}`;
  const module = kind === "mlp" ? "Mlp" : "Attn";
  return `center of interval of ${window} restored ${module} layers`;
}

/** A token as a row's label: the subject's carry a star, white space is made visible. */
export function rowLabel(data: HeatmapData, token: number): string {
  const inside = token >= data.subjectRange[0] && token < data.subjectRange[1];
  return `${visible(data.tokens[token])}${inside ? "*" : ""}`;
}

/** White space a reader could not see otherwise. */
export const visible = (text: string) =>
  text.trim() === "" && text
    ? text.replaceAll(" ", "␣").replaceAll("\n", "⏎").replaceAll("\t", "⇥")
    : text.trim();

/** [low, high] of the colours: the low score is the floor, the greatest value seen the ceiling. */
export function domain({ scores, lowScore }: HeatmapData): [low: number, high: number] {
  const high = scores.reduce((a, b) => (b > a ? b : a), -Infinity);
  return [lowScore, high > lowScore ? high : lowScore + 1e-6];
}

/** From a score to its colour; what lies below the low score has the floor's colour. */
export function colourScale(data: HeatmapData): (score: number) => string {
  const [low, high] = domain(data);
  return (score) => colours[data.kind](Math.min(1, Math.max(0, (score - low) / (high - low))));
}

/** The colour bar's own colours, top (1) to bottom (0). */
export const ramp = (kind: Kind, t: number) => colours[kind](t);

/** A few round values between the ends of the colours. */
export function barTicks(data: HeatmapData, count = 5): { value: number; label: string }[] {
  const scale = scaleLinear().domain(domain(data));
  const label = scale.tickFormat(count);
  return scale.ticks(count).map((value) => ({ value, label: label(value) }));
}

/** Layers that get a number below: every fifth, or all of them when there are few. */
export const layerTicks = (layers: number): number[] =>
  Array.from({ length: layers }, (_, layer) => layer).filter(
    (layer) => layers <= 12 || layer % 5 === 0,
  );

/** Where everything stands, in units of one SVG pixel. */
export interface Layout {
  width: number;
  height: number;
  /** The cells' box. */
  left: number;
  top: number;
  cell: { width: number; height: number };
  bar: { left: number; width: number };
}

/** A layout that fills `width`; labels take what the longest of them needs, at most a third. */
export function layout(data: HeatmapData, width: number): Layout {
  const longest = Math.max(3, ...data.tokens.map((_, token) => rowLabel(data, token).length));
  const left = Math.min(Math.ceil(longest * 6.6) + 10, Math.floor(width / 3));
  const bar = { left: width - 52, width: 10 };
  const cell = {
    width: (bar.left - 12 - left) / data.layers,
    height: rowHeight(data.tokens.length),
  };
  const top = 8;
  return { width, height: top + cell.height * data.tokens.length + 40, left, top, cell, bar };
}

const rowHeight = (rows: number) => (rows <= 10 ? 22 : rows <= 20 ? 18 : 15);
