/** An axis of a {@link PlotFigure}. */
export interface PlotAxis {
  label: string;
  /** How its numbers are written: "percent" of fractions. */
  as?: "percent" | undefined;
  log?: boolean | undefined;
  /** The numbers that stand at it, where they are not for the drawing to choose. */
  ticks?: readonly number[] | undefined;
  /** Its least and its greatest number; what is beyond them is drawn all the same, and makes it longer. */
  from?: number | undefined;
  to?: number | undefined;
}

/** A value at a place, and between what it is uncertain. */
export interface PlotPoint {
  x: number;
  y: number;
  low?: number | undefined;
  high?: number | undefined;
}

/** What is drawn in one colour: a line with a band where its points have one, bars side by side, or a histogram. */
export type PlotSeries =
  | { kind: "line"; name: string; points: readonly PlotPoint[]; dashed?: boolean | undefined }
  | {
      kind: "bars";
      name: string;
      bars: readonly {
        x: string;
        y: number;
        low?: number | undefined;
        high?: number | undefined;
      }[];
    }
  | {
      kind: "histogram";
      name: string;
      values: readonly number[];
      /** About how many bins. */
      bins?: number | undefined;
    };

/**
 * A figure as data: what it shows and what stands at its axes, not where. The page draws it in its theme, a file is drawn
 * black on white, and its numbers are a CSV. Series of one figure are of one kind; lines may stand over a histogram.
 */
export interface PlotFigure {
  /** Its file, without its ending. */
  name: string;
  title: string;
  x: PlotAxis;
  y: PlotAxis;
  series: readonly PlotSeries[];
  /** Parts of the x axis that are marked: layers that a method edits, say. */
  spans?: readonly { from: number; to: number; label: string }[] | undefined;
}

/** All words of a figure's numbers in sentences, for who cannot see it. */
export function plotDescription({ x, y, series }: PlotFigure): string {
  const lines = series.map((one) => `${one.name}: ${spoken(one, y)}`);
  const end = lines.length > 0 ? `${lines.join("; ")}.` : "Nothing yet.";
  return `${y.label || "Values"}${x.label && ` by ${x.label}`}. ${end}`;
}

/** At most so many values are spoken one by one. */
const SPOKEN = 12;

function spoken(series: PlotSeries, y: PlotAxis): string {
  if (series.kind === "histogram") return `${series.values.length} values`;
  const values = pointsOf(series);
  const some = values.length > SPOKEN ? [values[0], values[values.length - 1]] : values;
  const said = some.map(([at, value]) => `${at}: ${numberText(value, y)}`).join(", ");
  return values.length > SPOKEN ? `${values.length} values, ${said}` : said || "none";
}

const pointsOf = (series: Exclude<PlotSeries, { kind: "histogram" }>): [string, number][] =>
  series.kind === "line"
    ? series.points.map(({ x, y }) => [String(Number(x.toPrecision(4))), y])
    : series.bars.map(({ x, y }) => [x, y]);

/** A number as an axis has it, in few digits. */
export const numberText = (value: number, { as }: Pick<PlotAxis, "as">): string =>
  as === "percent"
    ? `${(100 * value).toFixed(1)} %`
    : String(Number(value.toPrecision(4))).replace(/^-/, "−");
