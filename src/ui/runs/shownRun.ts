import type { FinishedRun, Run } from "../../../workers/protocol/protocol.ts";
import { runDifferences } from "../../data/run/runDifferences.ts";
import type { Subtracted, TraceDifference } from "../../data/trace/traceDifference.ts";
import type { ComparisonView } from "../../../workers/protocol/protocol.ts";
import type { HeatmapData } from "../trace/heatmap.ts";
import type { TraceSet } from "../trace/running.ts";

const names = { state: "states", mlp: "MLPs", attn: "attentions" };

/** A difference of two traces as a heatmap draws it; `most` ends the scale of all that stand beside each other. */
export function differenceData(
  { kind, rows, byRole, subjectRange, layers, scores }: TraceDifference,
  most: number,
  what: Subtracted,
): HeatmapData {
  const quantity = what === "effect" ? "A − B, effect" : "A − B, p";
  const title = `A − B: ${names[kind]}${byRole ? ", by the tokens’ roles" : ""}`;
  return {
    kind,
    window: 1,
    model: "both models",
    tokens: rows,
    subjectRange: byRole ? [0, 0] : subjectRange,
    answer: quantity,
    layers,
    lowScore: 0,
    highScore: 0,
    scores,
    difference: { title, quantity, most },
  };
}

/** A kept run's traces as the figures of the page; null where it is no trace. */
export function traceSetOf({ context, result }: Run): TraceSet | null {
  if (result.kind !== "trace") return null;
  const model = context.model.id;
  const plots = result.traces.map((trace) => [
    trace.kind,
    { data: { ...trace, tokens: trace.spellings, model }, trace },
  ]);
  return { context, plots: Object.fromEntries(plots) as TraceSet["plots"] };
}

/** A kept run's scores as the page's comparison; null where it has none. */
export function comparisonOf({ context, result }: Run): ComparisonView | null {
  if (result.kind !== "score") return null;
  const { kind: _, ...found } = result;
  const tokens = found.tokens ?? { new: 1, true: 1 };
  return { ...(found as Omit<ComparisonView, "context" | "tokens">), tokens, context };
}

/** Whether two runs are of the same model, edits, fact, settings, seed and σ, computed by the same program: one result. */
export function repeats(a: FinishedRun, b: FinishedRun): boolean {
  const [of, other] = [a.context, b.context];
  if (a.result.kind === "edit" && b.result.kind === "edit" && a.result.digest !== b.result.digest)
    return false;
  return (
    of.provider === other.provider &&
    of.version === other.version &&
    of.sigma?.value === other.sigma?.value &&
    runDifferences(of, other).length === 0
  );
}
