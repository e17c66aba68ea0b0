import type { Trace, TraceEvent } from "../../../workers/protocol/protocol.ts";
import type { HeatmapData, Kind } from "./heatmap.ts";

/** A trace on the page: what is drawn, and the whole result once it is there. */
export interface TracePlot {
  data: HeatmapData;
  trace: Trace | null;
  /** Edits that were switched on while it was traced. */
  edits: number;
}

type Plots = Partial<Record<Kind, TracePlot>>;

/** The plots, with what a running trace reports put in: its empty field, then row by row. */
export function withEvent(
  plots: Plots,
  event: TraceEvent,
  { edits, ...run }: { kind: Kind; window: number; model: string; edits: number },
): Plots {
  const before = plots[run.kind];
  if (event.type === "start") {
    const { start } = event;
    const scores = new Float32Array(start.tokens.length * start.layers).fill(NaN);
    const data = { ...start, ...run, tokens: start.spellings, scores };
    return { ...plots, [run.kind]: { data, trace: null, edits } };
  }
  if (!before) return plots;
  const scores = before.data.scores.slice();
  scores.set(event.row, event.token * before.data.layers);
  return { ...plots, [run.kind]: { ...before, data: { ...before.data, scores } } };
}
