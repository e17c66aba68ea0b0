/**
 * When a job's turn comes: an `answer` goes between the steps of all others, a `short` job between those of jobs in their
 * `turn`, and what goes `alone` waits until nothing is under way.
 */
export type Urgency = "alone" | "turn" | "short" | "answer";

/**
 * `waiting` for its turn; `running`; `between`: another job goes between its steps; `pausing`: it goes on to its next step;
 * `paused`; `beside`: it runs and takes no turn.
 */
export type JobState = "waiting" | "running" | "between" | "pausing" | "paused" | "beside";

/** One job of the worker, as the page is told of it. */
export interface JobView {
  /** The number by which it is cancelled. */
  id: number;
  /** "scoring the table". */
  doing: string;
  state: JobState;
  /** How many jobs go before it, where it waits. */
  before: number;
  /** Whether it can be paused, or is. */
  pausable: boolean;
}
