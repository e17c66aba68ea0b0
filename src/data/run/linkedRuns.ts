import type { RunKind } from "./RunContext.ts";

/** A result that a link names: its kind, and the id of its run. */
export interface LinkedRun {
  kind: RunKind;
  id: string;
}

/** At most so many are shown at once. */
const MOST = 8;
const ENTRY = /^(trace|edit|score|table|study|text)-([a-z0-9]{8,40})$/;

/** `trace-ab12cd34,score-…` */
export const linkedRunsText = (runs: readonly LinkedRun[]): string =>
  runs.map(({ kind, id }) => `${kind}-${id}`).join(",");

/** The results that a link names; what names none is left out. */
export const readLinkedRuns = (text: string): LinkedRun[] =>
  text.split(",", MOST).flatMap((entry) => {
    const [, kind, id] = ENTRY.exec(entry) ?? [];
    return kind ? [{ kind: kind as RunKind, id }] : [];
  });
