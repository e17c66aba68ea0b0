import type { JobView } from "../../../workers/protocol/protocol.ts";
import { Pace } from "../jobs/Pace.ts";
import { duration } from "./numbers.ts";

/** One thing that may be under way at a time: how far it is, and how long it will still take. */
export class Job {
  /** The Lab's number of the run that counts; answers to older ones are dropped. */
  id = 0;
  running = $state(false);
  stage = $state("");
  done = $state(0);
  total = $state(0);
  /** What the worker last said of it; undefined before that. */
  told = $state.raw<JobView | undefined>(undefined);
  #startedAt = 0;
  #now = $state(0);
  #timer: ReturnType<typeof setInterval> | undefined;
  #pace = new Pace(0);

  /** True once it has run long enough that a reader should see a bar. */
  slow = $derived(this.running && this.#now - this.#startedAt > 350);
  /** 0 … 1, or undefined while nothing is known. */
  fraction = $derived(this.total ? Math.min(1, this.done / this.total) : undefined);
  /** Whether others go first, or it was paused. */
  stands = $derived(this.told !== undefined && !["running", "beside"].includes(this.told.state));
  /** `about 12 s left`, `waits for another job`, or the time so far while nothing is known of the rest. */
  estimate = $derived.by(() => {
    const now = this.#now;
    if (!this.running) return "";
    if (this.stands) return standing(this.told!);
    const worked = this.#pace.worked(now);
    if (worked < 0.5) return "";
    const left = this.fraction ? this.#pace.left(now) : undefined;
    if (left === undefined) return worked < 1 ? "" : `${duration(worked)} so far`;
    return left < 1 ? "a moment left" : `about ${duration(left)} left`;
  });

  begin(id: number, stage: string) {
    this.end();
    this.id = id;
    Object.assign(this, { running: true, stage, done: 0, total: 0, told: undefined });
    this.#startedAt = this.#now = performance.now();
    this.#pace = new Pace(this.#now);
    this.#timer = setInterval(() => (this.#now = performance.now()), 250);
  }

  /** Seconds since it began. */
  get age(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  progress(done: number, total: number, stage = this.stage) {
    this.#pace.report(performance.now(), done, total);
    Object.assign(this, { done, total, stage });
  }

  /** Takes what the worker says of it. */
  take(told: JobView) {
    this.told = told;
    this.#pace.stand(performance.now(), this.stands);
  }

  end() {
    clearInterval(this.#timer);
    this.running = false;
  }
}

function standing({ state, before }: JobView): string {
  if (state === "paused") return "paused";
  if (state === "pausing") return "pausing after this step";
  if (state === "between") return "a short job goes first";
  return before === 1 ? "waits for another job" : `waits for ${before} other jobs`;
}
