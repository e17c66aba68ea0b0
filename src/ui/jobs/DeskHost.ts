import type { ModelView } from "../../../workers/protocol/protocol.ts";
import type { Draft } from "../fact/Draft.svelte.ts";
import type { Job } from "../parts/Job.svelte.ts";

/** What the session lends to a desk whose jobs have one name. */
export interface JobHost {
  /** A job of which one is under way at a time; undefined where it failed or was ended. */
  run<T>(stage: string, work: (id: number) => Promise<T>): Promise<T | undefined>;
  job: Job;
  callback<F extends (...values: never[]) => void>(call: F): F;
}

/** What it lends to a desk that asks the open model for what the form says. */
export interface DeskHost extends JobHost {
  model(): ModelView | null;
  draft: Draft;
}
