import { scoreOf } from "../data/score/scoreWords.ts";
import { type Measures, measureLabels, type Summary } from "../methods/score/score.ts";
import { type Cell, percent, type Table } from "./Table.ts";

/**
 * Summaries side by side, a line per measure of METHODS 7.3; GE in bits, all else in per cent.
 *
 * @param more lines that stand below them
 */
export function scoreTable(
  summaries: Record<string, Summary>,
  title?: string,
  more: readonly Cell[][] = [],
): Table {
  const columns = Object.values(summaries);
  const names = Object.keys(measureLabels) as (keyof Measures)[];
  const present = names.filter((name) => columns.some(({ measures }) => measures[name].cases > 0));
  const rows = present.map((name) => [
    measureLabels[name],
    ...columns.map(({ measures }) => cell(name, measures[name].mean)),
  ]);
  const valueOf = (name: "ES" | "PS" | "NS") => (present.includes(name) ? 0 : NaN);
  const among = { ES: valueOf("ES"), PS: valueOf("PS"), NS: valueOf("NS") };
  const scores = [`Score S (${scoreOf(among)})`, ...columns.map(({ score }) => cell("ES", score))];
  return {
    name: "summary",
    title,
    columns: ["", ...Object.keys(summaries)].map((name) => ({ name })),
    rows: [...rows, scores, ...more],
  };
}

function cell(name: keyof Measures, value: number): Cell {
  const isBits = name === "GE" && !Number.isNaN(value);
  return { value, text: isBits ? value.toFixed(3) : percent(value) };
}
