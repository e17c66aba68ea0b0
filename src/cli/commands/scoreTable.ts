import { type Measures, measureLabels, type Summary } from "../../methods/score/score.ts";
import { percent, table } from "../table.ts";

/** Summaries side by side, a line per measure of METHODS 7.3; GE in bits, all else in per cent. */
export function scoreTable(summaries: Record<string, Summary>): string {
  const columns = Object.values(summaries);
  const names = Object.keys(measureLabels) as (keyof Measures)[];
  const present = names.filter((name) => columns.some(({ measures }) => measures[name].cases > 0));
  const rows = present.map((name) => [
    measureLabels[name],
    ...columns.map(({ measures }) => cell(name, measures[name].mean)),
  ]);
  const scores = ["Score S (harmonic mean)", ...columns.map(({ score }) => percent(score))];
  return table([["", ...Object.keys(summaries)], ...rows, scores]);
}

const cell = (name: keyof Measures, value: number): string =>
  name === "GE" && !Number.isNaN(value) ? value.toFixed(3) : percent(value);
