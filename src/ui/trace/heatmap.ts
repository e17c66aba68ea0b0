import { scaleLinear } from "d3-scale";
import {
  interpolateGreens,
  interpolatePurples,
  interpolateRdBu,
  interpolateReds,
} from "d3-scale-chromatic";
import { type Tick, tickLabels } from "../../data/figure/tickLabels.ts";

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
  /** Where the scores are one trace's less another's: what stands over them, and beside their colours; `most` ends a scale that several share. */
  difference?: { title: string; quantity: string; most?: number } | undefined;
}

const colours: Record<Kind, (t: number) => string> = {
  state: interpolatePurples,
  mlp: interpolateGreens,
  attn: interpolateReds,
};
const names: Record<Kind, string> = { state: "state", mlp: "MLP", attn: "Attn" };

/** The title that the paper gives the plot. */
export const title = (kind: Kind) => `Impact of restoring ${names[kind]} after corrupted input`;

/** What stands over a heatmap. */
export const titleOf = ({ difference, kind }: Pick<HeatmapData, "difference" | "kind">): string =>
  difference?.title ?? title(kind);

/** What the colours mean. */
export const quantityOf = ({ difference, answer }: HeatmapData): string =>
  difference?.quantity ?? `p(${answer.trim()})`;

/** The label under the layers, as in the paper, where a window is of more than one. */
export function xLabel({ kind, window, model }: Pick<HeatmapData, "kind" | "window" | "model">) {
  if (kind === "state") return `single restored layer within ${model}`;
  if (window === 1) return `single restored ${names[kind]} layer within ${model}`;
  return `center of interval of ${window} restored ${names[kind]} layers`;
}

/** A token as a row's label: the subject's carry a star, white space is made visible. */
export const rowLabel = (data: HeatmapData, token: number): string =>
  `${visible(data.tokens[token])}${isSubject(data, token) ? "*" : ""}`;

/** Whether a token is of the subject. */
export const isSubject = ({ subjectRange: [begin, end] }: HeatmapData, token: number): boolean =>
  token >= begin && token < end;

/** White space a reader could not see otherwise. */
export const visible = (text: string) =>
  text.trim() === "" && text
    ? text.replaceAll(" ", "␣").replaceAll("\n", "⏎").replaceAll("\t", "⇥")
    : text.trim();

/**
 * [low, high] of the colours: the low score is the floor, the greatest value seen the ceiling. Of a difference, as far
 * below 0 as above.
 */
export function domain({ scores, lowScore, difference }: HeatmapData): [low: number, high: number] {
  if (difference) {
    const own = () => scores.reduce((a, b) => (Math.abs(b) > a ? Math.abs(b) : a), 0);
    const most = (difference.most ?? own()) || 1e-6;
    return [-most, most];
  }
  const high = scores.reduce((a, b) => (b > a ? b : a), -Infinity);
  return [lowScore, high > lowScore ? high : lowScore + 1e-6];
}

/** From a score to its colour; what lies below the low score has the floor's colour. */
export function colourScale(data: HeatmapData): (score: number) => string {
  const [low, high] = domain(data);
  const colour = ramp(data);
  return (score) => colour(Math.min(1, Math.max(0, (score - low) / (high - low))));
}

/** The colour bar's own colours, top (1) to bottom (0); what grows is red in a difference. */
export const ramp = ({ kind, difference }: HeatmapData): ((t: number) => string) =>
  difference ? (t) => interpolateRdBu(1 - t) : colours[kind];

/** A few round values between the ends of the colours, in the digits that they need; one where all scores are the floor. */
export function barTicks(data: HeatmapData, count = 5): Tick[] {
  const [low, high] = domain(data);
  const greatest = data.scores.reduce((a, b) => (b > a ? b : a), -Infinity);
  if (!data.difference && !(greatest > low)) {
    return [{ value: low, label: tickLabels([Number(low.toPrecision(3))])[0].label }];
  }
  return tickLabels(scaleLinear().domain([low, high]).ticks(count));
}
