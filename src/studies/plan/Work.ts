/** A part of a study's work: so many of one kind. */
export type Work =
  | {
      unit: "edit";
      /** Facts that are written, in so many groups. */
      facts: number;
      groups: number;
      /** Which of the study's methods; the first where absent. */
      method?: number | undefined;
      /** Of its settings. */
      changes?: object | undefined;
    }
  | {
      /** Cases scored, texts whose perplexity is measured, state traces, facts asked for, keys summed into covariances. */
      unit: "score" | "text" | "trace" | "ask" | "key";
      count: number;
    };

/** A part of a plan: how many, and what each takes on this machine, in seconds. */
export interface PlanPart {
  /** "facts written by a method", "cases scored". */
  what: string;
  count: number;
  each: number;
  /** Of all of them. */
  seconds: number;
}

/** What a study will take, from a measured sample. */
export interface StudyPlan {
  parts: PlanPart[];
  seconds: number;
}
