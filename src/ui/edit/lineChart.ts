import { scaleLinear, scaleLog } from "d3-scale";

/** One line of a chart. */
export interface Line {
  name: string;
  values: number[];
  /** Where each value stands on the x axis; 0, 1, 2, … where absent. */
  at?: number[];
}

/** How a chart's axes run. */
interface Axes {
  /** The x axis runs from 0 to this less 1. */
  steps: number;
  /** The y axis ends here; at the greatest value where absent. */
  ceiling?: number | undefined;
  /** A logarithmic y axis, from the least value to the greatest; values must be positive. */
  log?: boolean;
}

/** A chart's geometry in SVG pixels. */
export interface Chart {
  paths: { name: string; d: string; last: { x: number; y: number; value: number } | null }[];
  xTicks: { at: number; label: string }[];
  yTicks: { at: number; label: string }[];
}

/** Lines over steps 0 … `steps` − 1 in a box; the y axis starts at 0 unless it is logarithmic. */
export function lineChart(
  lines: Line[],
  box: { left: number; top: number; width: number; height: number },
  axes: Axes,
): Chart {
  const { steps } = axes;
  const x = scaleLinear([0, Math.max(1, steps - 1)], [box.left, box.left + box.width]);
  const { y, ticks } = vertical(lines, box, axes);
  return {
    paths: lines.map(({ name, values, at = [...values.keys()] }) => {
      const points = values.map((value, i) => ({ x: x(at[i]), y: y(value), value }));
      return {
        name,
        d: points.map((p, i) => `${i ? "L" : "M"}${p.x.toFixed(1)} ${p.y.toFixed(1)}`).join(""),
        last: points.at(-1) ?? null,
      };
    }),
    xTicks: x
      .ticks(Math.min(5, steps))
      .filter(Number.isInteger)
      .map((v) => ({ at: x(v), label: String(v) })),
    yTicks: ticks,
  };
}

function vertical(
  lines: Line[],
  { top, height }: { top: number; height: number },
  { ceiling, log }: Axes,
): { y: (value: number) => number; ticks: Chart["yTicks"] } {
  const values = lines.flatMap((line) => line.values);
  const greatest = Math.max(1e-9, ...values);
  const range = [top + height, top];
  if (log) {
    const y = scaleLog([Math.min(greatest, ...values), greatest], range).nice();
    const label = y.tickFormat(4, "~g");
    const ticks = y.ticks(4).map((v) => ({ at: y(v), label: label(v) }));
    return { y, ticks: ticks.filter((tick) => tick.label) };
  }
  const y = scaleLinear([0, ceiling ?? greatest], range);
  if (ceiling === undefined) y.nice(4);
  const label = y.tickFormat(4);
  return { y, ticks: y.ticks(4).map((v) => ({ at: y(v), label: label(v) })) };
}
