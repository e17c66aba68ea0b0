import { numberIn, type Row } from "../../data/rows/rows.ts";
import { summarise, type Summary } from "../../methods/score/score.ts";
import type { PlotFigure } from "../../data/figure/PlotFigure.ts";
import { scoreFigure } from "../scoreFigure.ts";
import { measuresIn } from "../scoreRow.ts";
import type { StudyAbout } from "../StudyAbout.ts";
import type { Table } from "../Table.ts";
import type { SamplesSettings } from "./samplesSettings.ts";

/** One covariance, and how the editor did with it. */
export interface SamplePoint {
  keys: number;
  /** keys / dMlp. */
  multiple: number;
  /** The largest condition number of the layers' C; infinite where one is singular. */
  condition: number;
  /** Fractions (METHODS 7.3); absent where there was no edit. */
  scores?: { ES: number; PS: number; NS: number; S: number };
  before?: { NS: number };
  /** Of the same, with how they spread. */
  spread?: Summary["measures"];
  /** Why there was none. */
  failure?: string | undefined;
}

/** The covariances that were tried, by their keys. */
export interface SamplesSummary {
  model: string;
  count: number;
  points: SamplePoint[];
}

/** Sums up the covariances that are collected. */
export function summariseSamples(
  rows: readonly Row[],
  { model, settings }: StudyAbout<SamplesSettings>,
): SamplesSummary {
  const byKey = new Map(rows.map((row) => [row.key, row]));
  const points = settings.multiples.flatMap((multiple) => {
    const about = byKey.get(`${multiple}`);
    return about ? [pointOf(about, { rows, byKey })] : [];
  });
  if (points.length === 0) throw new Error("no covariance is collected yet; go on with the study");
  return { model, count: settings.count, points };
}

function pointOf(
  about: Row,
  { rows, byKey }: { rows: readonly Row[]; byKey: Map<string, Row> },
): SamplePoint {
  const inside = rows.filter(({ key }) => key.startsWith(`${about.key}/`));
  const scored = inside.filter((row) => row.after !== undefined);
  const failed = inside.find((row) => typeof row.failure === "string");
  const condition = numberIn(about, "condition");
  const point = {
    keys: numberIn(about, "keys"),
    multiple: numberIn(about, "multiple"),
    condition: Number.isNaN(condition) ? Infinity : condition,
  };
  if (scored.length === 0) return { ...point, failure: failed?.failure as string | undefined };
  const places = scored.map(({ key }) => key.slice(key.lastIndexOf("/") + 1));
  const before = places.map((place) => measuresIn(byKey.get(`before/${place}`)!.before));
  const { measures, score } = summarise(scored.map((row) => measuresIn(row.after)));
  return {
    ...point,
    scores: { ES: measures.ES.mean, PS: measures.PS.mean, NS: measures.NS.mean, S: score },
    before: { NS: summarise(before).measures.NS.mean },
    spread: measures,
  };
}

/** A line per covariance; then those that no edit could be made with, and why. */
export function pointsTables({ points }: SamplesSummary): Table[] {
  const rows = points.map(({ keys, multiple, condition, scores }) => [
    multiple,
    keys,
    condition,
    ...(scores ? [scores.ES, scores.PS, scores.NS, scores.S] : [null, null, null, null]),
  ]);
  const names = ["ES", "PS", "NS", "S"].map((name) => ({ name, as: "percent" as const }));
  const columns = [
    { name: "keys / dMlp", as: { decimals: 1 } },
    { name: "keys" },
    { name: "condition", as: { digits: 2 } },
    ...names,
  ];
  const failures = points.flatMap(({ keys, failure }) => (failure ? [[keys, failure]] : []));
  const summary = { name: "summary", columns, rows };
  if (failures.length === 0) return [summary];
  const columnsOfFailures = [{ name: "keys" }, { name: "why there was no edit" }];
  return [summary, { name: "failures", columns: columnsOfFailures, rows: failures }];
}

/** The scores against the number of keys. */
export const samplesFigure = (
  { points, count, model }: SamplesSummary,
  title: string,
): PlotFigure =>
  scoreFigure(
    points.map(({ multiple, spread }) => ({
      at: multiple,
      scores: spread && { measures: spread },
    })),
    {
      name: "samples",
      title: `${title} on ${model}, ${count} facts at once, by the keys in C`,
      axis: "keys / dMlp",
      logarithmic: true,
    },
  );
