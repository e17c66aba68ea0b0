import type { PlotFigure, PlotPoint } from "../data/figure/PlotFigure.ts";
import type { Summary } from "../methods/score/score.ts";

/** Scores at one place of an axis. */
export interface ScorePoint {
  at: number;
  /** After the edits; absent where there was none. */
  scores?: Pick<Summary, "measures"> | undefined;
  /** ‖ΔW‖ / ‖W‖. */
  norm?: number | undefined;
}

/** What stands beside the lines. */
export interface ScoreFigureText {
  name: string;
  title: string;
  axis: string;
  logarithmic?: boolean | undefined;
}

const lines = [
  ["ES", "efficacy ES"],
  ["PS", "paraphrase PS"],
  ["NS", "neighbourhood NS"],
] as const;

/**
 * Efficacy, paraphrase and neighbourhood scores along an axis with bands of 95 %, and ‖ΔW‖/‖W‖ where points have it, on
 * the same scale from 0 to 1 or to the largest.
 */
export function scoreFigure(points: readonly ScorePoint[], words: ScoreFigureText): PlotFigure {
  const { name, title, axis, logarithmic } = words;
  const norms = points.flatMap(({ at, norm }) => (norm === undefined ? [] : [{ x: at, y: norm }]));
  return {
    name,
    title,
    x: { label: axis, log: logarithmic, ticks: points.map(({ at }) => at) },
    y: { label: "", as: "percent", from: 0, to: 1 },
    series: [
      ...lines.map(([measure, called]) => ({
        kind: "line" as const,
        name: called,
        points: points.flatMap(({ at, scores }) =>
          scores ? [scorePoint(at, scores.measures[measure])] : [],
        ),
      })),
      ...(norms.length > 0
        ? [{ kind: "line" as const, name: "‖ΔW‖/‖W‖", points: norms, dashed: true }]
        : []),
    ],
  };
}

/** A mean with its interval of 95 %, which ends at 0 and 1. */
export function scorePoint(x: number, { mean, std, cases }: Summary["measures"]["ES"]): PlotPoint {
  const half = cases > 1 ? (1.96 * std) / Math.sqrt(cases) : NaN;
  if (Number.isNaN(half)) return { x, y: mean };
  return { x, y: mean, low: Math.max(0, mean - half), high: Math.min(1, mean + half) };
}
