import { csvFormatRows } from "d3-dsv";
import { csvText } from "../csvText.ts";
import type { PlotFigure, PlotSeries } from "./PlotFigure.ts";

/** The numbers of a figure, every digit of them: a line per point, bar or value. */
export function plotCsv({ x, y, series }: PlotFigure): string {
  const header = ["series", x.label || "x", y.label || "y", "low", "high"].map(csvText);
  return `${csvFormatRows([header, ...series.flatMap(linesOf)])}\n`;
}

function linesOf(series: PlotSeries): string[][] {
  const name = csvText(series.name);
  if (series.kind === "histogram")
    return series.values.map((value) => [name, said(value), "", "", ""]);
  const points = series.kind === "line" ? series.points : series.bars;
  return points.map(({ x, y, low, high }) => [
    name,
    typeof x === "string" ? csvText(x) : said(x),
    said(y),
    said(low),
    said(high),
  ]);
}

const said = (value: number | undefined): string =>
  value === undefined || Number.isNaN(value) ? "" : String(value);
