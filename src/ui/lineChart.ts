import { scaleLinear } from "d3-scale";

/** One line of a chart; x is the step, counted from 0. */
export interface Line {
  name: string;
  values: number[];
}

/** A chart's geometry in SVG pixels. */
export interface Chart {
  paths: { name: string; d: string; last: { x: number; y: number; value: number } | null }[];
  xTicks: { at: number; label: string }[];
  yTicks: { at: number; label: string }[];
}

/** Lines over steps 0 … `steps` − 1 in a box; the y axis starts at 0 and ends at `ceiling` or the greatest value. */
export function lineChart(
  lines: Line[],
  box: { left: number; top: number; width: number; height: number },
  { steps, ceiling }: { steps: number; ceiling?: number },
): Chart {
  const greatest = Math.max(1e-9, ...lines.flatMap((line) => line.values));
  const x = scaleLinear([0, Math.max(1, steps - 1)], [box.left, box.left + box.width]);
  const y = scaleLinear([0, ceiling ?? greatest], [box.top + box.height, box.top]);
  if (ceiling === undefined) y.nice(4);
  const label = y.tickFormat(4);
  return {
    paths: lines.map(({ name, values }) => ({
      name,
      d: values.map((v, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(v).toFixed(1)}`).join(""),
      last: values.length
        ? {
            x: x(values.length - 1),
            y: y(values[values.length - 1]),
            value: values[values.length - 1],
          }
        : null,
    })),
    xTicks: x
      .ticks(Math.min(5, steps))
      .filter(Number.isInteger)
      .map((v) => ({ at: x(v), label: String(v) })),
    yTicks: y.ticks(4).map((v) => ({ at: y(v), label: label(v) })),
  };
}
