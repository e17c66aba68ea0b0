import type { TableRow } from "../../data/tables/TableRow.ts";
import type { TargetAnswer } from "../../../workers/protocol/protocol.ts";

/** How far a fact is. */
export type FactStage = "waiting" | "searching" | "found" | "cached" | "written" | "left";

/** What each stage is called in the table and its filter. */
export const stageNames: Record<FactStage, string> = {
  waiting: "waiting",
  searching: "searching",
  found: "found",
  cached: "from the cache",
  written: "written",
  left: "not written",
};

/** A row of the table in a run that writes it. */
export interface RunRow {
  /** The row's id in its table. */
  id: number;
  stage: FactStage;
  /** Looks at the loss so far, and p(target) at the last, a mean over contexts. */
  steps: number;
  p: number;
  /** What the model said before the run, and what it says after. */
  old?: TargetAnswer;
  now?: TargetAnswer | undefined;
}

/** Rows that wait for a run to reach them. */
export const waiting = (rows: readonly TableRow[]): RunRow[] =>
  rows.map(({ id }) => ({ id, stage: "waiting", steps: 0, p: NaN }));

/** The first measured step at which the perplexity had more than doubled. */
export const doubledAt = (
  steps: { perplexity?: number | undefined }[],
  before: number,
): number | undefined => {
  const at = steps.findIndex(
    ({ perplexity }) => perplexity !== undefined && !(perplexity <= 2 * before),
  );
  return at < 0 ? undefined : at + 1;
};

/** Now, as the scores of a table say when they were taken. */
export const scoredAt = (): string => new Date().toISOString();
