import { duration } from "./numbers.ts";

/** One thing that may be under way at a time: how far it is, and how long it will still take. */
export class Job {
  /** The Lab's number of the run that counts; answers to older ones are dropped. */
  id = 0;
  running = $state(false);
  stage = $state("");
  done = $state(0);
  total = $state(0);
  #startedAt = 0;
  #now = $state(0);
  #timer: ReturnType<typeof setInterval> | undefined;

  /** True once it has run long enough that a reader should see a bar. */
  slow = $derived(this.running && this.#now - this.#startedAt > 350);
  /** 0 … 1, or undefined while nothing is known. */
  fraction = $derived(this.total ? Math.min(1, this.done / this.total) : undefined);
  /** `about 12 s left`, or the time so far while nothing is known of the rest. */
  estimate = $derived.by(() => {
    const elapsed = (this.#now - this.#startedAt) / 1000;
    if (elapsed < 1) return "";
    if (!this.fraction || this.fraction < 0.02) return `${duration(elapsed)} so far`;
    return `about ${duration((elapsed * (1 - this.fraction)) / this.fraction)} left`;
  });

  begin(id: number, stage: string) {
    this.end();
    this.id = id;
    Object.assign(this, { running: true, stage, done: 0, total: 0 });
    this.#startedAt = this.#now = performance.now();
    this.#timer = setInterval(() => (this.#now = performance.now()), 250);
  }

  progress(done: number, total: number, stage = this.stage) {
    Object.assign(this, { done, total, stage });
  }

  end() {
    clearInterval(this.#timer);
    this.running = false;
  }
}
