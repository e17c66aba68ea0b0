import type { FinishedRun, Run, RunHead } from "../../src/data/run/Run.ts";

/** What became of a run that was to be kept. */
export interface KeptRun {
  head: RunHead;
  /** The sentence that says why it will not outlive the page, if so. */
  trouble: string | null;
}

/** What was taken of a file of runs. */
export interface TakenRuns {
  /** Ids, those that were here already among them. */
  ids: string[];
  /** How many were not here before. */
  added: number;
  /** What cannot be read, a sentence each. */
  refused: string[];
  trouble: string | null;
}

export type { FinishedRun, Run, RunHead };
