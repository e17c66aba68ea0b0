import { releaseCallback } from "./callback.ts";
import { explain } from "./explain.ts";
import type { JobState, JobView, Urgency } from "./protocol/jobProtocol.ts";

type Work<T> = (signal: AbortSignal) => Promise<T>;
type Wrap = <T>(work: () => Promise<T>) => Promise<T>;

/** What a queue's jobs are done in. */
export interface QueueHost {
  /** Every job: what it leaves on the device where it fails is released there. */
  frame?: Wrap;
  /** A job that goes between the steps of another: what it changes is put back. */
  between?: Wrap;
}

/** What a job does, "scoring the table", and how urgent it is; where it does not say, it waits for its turn. */
export type Task = string | { doing: string; urgency: Urgency };

/** A job from its call to its end. */
interface Job {
  readonly id: number;
  readonly doing: string;
  urgency: Urgency;
  /** Undefined while it runs beside the queue. */
  start: (() => Promise<void>) | undefined;
  readonly controller: AbortController;
  state: JobState;
  /** Whether it is asked to stand still at its next step. */
  held: boolean;
}

const order: readonly Urgency[] = ["alone", "turn", "short", "answer"];
const rank = ({ urgency }: Job) => order.indexOf(urgency);
const direct: Wrap = (work) => work();

/**
 * The Lab's jobs, which share a model and its edits: one computes at a time. Each has a number, by which it is cancelled or
 * paused, waiting or under way.
 *
 * A job that computes for long calls {@link giveWay} between its steps. More urgent jobs go there, and so on within one
 * another; the jobs under way are a stack, of which the last computes.
 */
export class Queue {
  readonly #jobs = new Map<number, Job>();
  /** Jobs that wait, by the order in which they came. */
  readonly #waiting: Job[] = [];
  readonly #under: Job[] = [];
  readonly #frame: Wrap;
  readonly #between: Wrap;
  #pumping = false;
  #wake: (() => void) | undefined;
  #told: ((jobs: JobView[]) => void) | undefined;
  #telling = false;

  constructor({ frame = direct, between = direct }: QueueHost = {}) {
    this.#frame = frame;
    this.#between = between;
  }

  /**
   * Runs work when its turn comes; within {@link aside}, as a part of the same job.
   *
   * @throws what the work throws, as a sentence; an AbortError after {@link cancel}
   */
  async run<T>(id: number, task: Task, work: Work<T>): Promise<T> {
    const { doing, urgency } =
      typeof task === "string" ? { doing: task, urgency: "turn" as const } : task;
    const outer = this.#jobs.get(id);
    const job = outer ?? this.#enter(id, doing, urgency);
    job.urgency = urgency;
    try {
      return await this.#turn(job, () => this.#frame(() => work(job.controller.signal)));
    } catch (error) {
      throw explain(error, doing);
    } finally {
      this.#set(job, "beside");
      if (!outer) this.#leave(job);
    }
  }

  /** {@link run} of work that reports; its callback is released afterwards. */
  async runReporting<T>(
    id: number,
    task: Task,
    report: (...values: never[]) => void,
    work: Work<T>,
  ): Promise<T> {
    try {
      return await this.run(id, task, work);
    } finally {
      releaseCallback(report);
    }
  }

  /** {@link aside} of work that reports; its callback is released afterwards. */
  async asideReporting<T>(
    id: number,
    doing: string,
    report: (...values: never[]) => void,
    work: Work<T>,
  ): Promise<T> {
    try {
      return await this.aside(id, doing, work);
    } finally {
      releaseCallback(report);
    }
  }

  /**
   * Runs work beside the queue: it may take long and needs no turn, or takes one when it is ready. It is cancelled by the
   * same number.
   *
   * @throws as {@link run}
   */
  async aside<T>(id: number, doing: string, work: Work<T>): Promise<T> {
    const job = this.#enter(id, doing, "turn");
    try {
      const result = await work(job.controller.signal);
      job.controller.signal.throwIfAborted();
      return result;
    } catch (error) {
      throw explain(error, doing);
    } finally {
      this.#leave(job);
    }
  }

  /**
   * Lets the jobs go first that are more urgent than the one that computes; where that one is paused, all others but those
   * that go alone, until it may go on. It never throws: a job that was cancelled meanwhile learns it by its signal.
   */
  async giveWay(): Promise<void> {
    const job = this.#under.at(-1);
    if (!job) return;
    for (;;) {
      const paused = job.held && !job.controller.signal.aborted;
      const next = this.#first(paused ? 0 : rank(job));
      if (next) {
        this.#set(job, "between");
        await this.#between(() => this.#perform(next));
      } else if (paused) {
        this.#set(job, "paused");
        await new Promise<void>((wake) => (this.#wake = wake));
      } else break;
    }
    this.#set(job, "running");
  }

  /** Has a job stand still at its next step, or go on; others go meanwhile. One that has ended is none. */
  pause(id: number, held: boolean) {
    const job = this.#jobs.get(id);
    if (!job || !this.#isPausable(job)) return;
    job.held = held;
    if (held && job.state === "running") this.#set(job, "pausing");
    if (!held && job.state === "pausing") this.#set(job, "running");
    this.#wake?.();
    this.#tell();
  }

  /** Stops a job; one that waits is over at once, and one that has ended already is none. */
  cancel(id: number) {
    const job = this.#jobs.get(id);
    if (!job) return;
    job.controller.abort();
    this.#wake?.();
    const at = this.#waiting.indexOf(job);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    void job.start?.();
  }

  /** Tells of all jobs, now and whenever one begins, ends, or is in another state. */
  follow(told: (jobs: JobView[]) => void) {
    this.#told = told;
    this.#tell();
  }

  #enter(id: number, doing: string, urgency: Urgency): Job {
    const controller = new AbortController();
    const state = "beside" as const;
    const job: Job = { id, doing, urgency, controller, start: undefined, state, held: false };
    this.#jobs.set(id, job);
    this.#tell();
    return job;
  }

  #leave(job: Job) {
    this.#jobs.delete(job.id);
    this.#tell();
  }

  /** Waits for the job's turn and does its work; other work waits until that is over. */
  #turn<T>(job: Job, work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve) => {
      job.start = async () => {
        const { signal } = job.controller;
        const outcome = signal.aborted ? Promise.reject<T>(signal.reason as Error) : work();
        resolve(outcome);
        await outcome.catch(() => undefined);
      };
      this.#waiting.push(job);
      this.#set(job, "waiting");
      this.#wake?.();
      void this.#pump();
    });
  }

  /** Does the jobs that wait, until none does. */
  async #pump() {
    if (this.#pumping) return;
    this.#pumping = true;
    for (let next = this.#first(-1); next; next = this.#first(-1)) await this.#perform(next);
    this.#pumping = false;
  }

  async #perform(job: Job) {
    this.#waiting.splice(this.#waiting.indexOf(job), 1);
    this.#under.push(job);
    this.#set(job, "running");
    await job.start?.();
    this.#under.pop();
  }

  /** The most urgent of the jobs that wait, beyond a rank; the earliest of several. */
  #first(beyond: number): Job | undefined {
    let found: Job | undefined;
    for (const job of this.#waiting) if (rank(job) > (found ? rank(found) : beyond)) found = job;
    return found;
  }

  /** What goes on by steps, and lies beneath no other: paused there, it would hold what lies below. */
  #isPausable(job: Job): boolean {
    const steps = job.urgency === "turn" || job.urgency === "short";
    return steps && this.#under[0] === job;
  }

  #set(job: Job, state: JobState) {
    if (job.state === state) return;
    job.state = state;
    this.#tell();
  }

  /** One message for all that changes at once. */
  #tell() {
    if (this.#telling || !this.#told) return;
    this.#telling = true;
    queueMicrotask(() => {
      this.#telling = false;
      this.#told?.([...this.#jobs.values()].map((job) => this.#viewOf(job)));
    });
  }

  #viewOf(job: Job): JobView {
    const { id, doing, state } = job;
    const waits = state === "waiting";
    const at = this.#waiting.indexOf(job);
    const sooner = this.#waiting.filter((other, i) =>
      rank(other) === rank(job) ? i < at : rank(other) > rank(job),
    );
    const above = this.#under.filter((other) => rank(other) >= rank(job));
    const before = waits ? sooner.length + above.length : 0;
    return { id, doing, state, before, pausable: this.#isPausable(job) };
  }
}
