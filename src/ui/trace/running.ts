import type {
  RunContext,
  Trace,
  TraceEvent,
  TraceRun,
} from "../../../workers/protocol/protocol.ts";
import type { HeatmapData, Kind } from "./heatmap.ts";

/** A trace on the page: what is drawn, and the whole result once it is there. */
export interface TracePlot {
  data: HeatmapData;
  trace: Trace | null;
}

/** The figures of one run, and what it is of. */
export interface TraceSet {
  context: RunContext;
  plots: Partial<Record<Kind, TracePlot>>;
}

/**
 * The figures of a run with what it reports put in: first what it is of, then of each kind the empty field, row by row, and
 * the whole.
 *
 * @param model as figures call it
 */
export function withEvent(set: TraceSet | null, event: TraceEvent, model: string): TraceSet | null {
  if (event.type === "run") return { context: event.context, plots: {} };
  if (!set) return set;
  const put = (kind: Kind, plot: TracePlot) => ({ ...set, plots: { ...set.plots, [kind]: plot } });
  if (event.type === "start") {
    const { start } = event;
    const scores = new Float32Array(start.tokens.length * start.layers).fill(NaN);
    const data = { ...start, tokens: start.spellings, model, scores };
    return put(start.kind, { data, trace: null });
  }
  const kind = event.type === "done" ? event.trace.kind : event.kind;
  const before = set.plots[kind];
  if (!before) return set;
  if (event.type === "done") {
    const { scores } = event.trace;
    return put(kind, { data: { ...before.data, scores }, trace: event.trace });
  }
  const scores = before.data.scores.slice();
  scores.set(event.row, event.token * before.data.layers);
  return put(kind, { ...before, data: { ...before.data, scores } });
}

/** The figures of a run that has ended: of its result alone, for the last that it reports may come after it. */
export function finishedSet({ context, traces }: TraceRun, model: string): TraceSet {
  const begun: TraceSet = { context, plots: {} };
  return traces.reduce((set, trace) => {
    const drawn = withEvent(set, { type: "start", start: trace }, model);
    return withEvent(drawn, { type: "done", trace }, model)!;
  }, begun);
}

/** How many rows of all kinds are drawn, of how many. */
export function rowsOf({ plots }: TraceSet, kinds: number): { done: number; total: number } {
  const drawn = Object.values(plots).map(({ data: { scores, layers, tokens } }) => ({
    rows: tokens.filter((_, token) => !Number.isNaN(scores[token * layers])).length,
    of: tokens.length,
  }));
  const done = drawn.reduce((sum, { rows }) => sum + rows, 0);
  return { done, total: (drawn.at(0)?.of ?? 0) * kinds };
}
