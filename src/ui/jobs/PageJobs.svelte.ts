import type { RemoteLab } from "../../../workers/connect.ts";
import { Job } from "../parts/Job.svelte.ts";
import { messageOf } from "../parts/sentence.ts";

const jobNames = [
  ...(["model", "prompt", "trace", "edit", "compare", "stack", "statistics"] as const),
  ...(["mass", "table", "plan", "kept", "ask", "export", "study"] as const),
];
/** What is under way at most once: a new one ends the one before. */
export type JobName = (typeof jobNames)[number];

/** What of the worker the jobs need. */
export interface PageJobsHost {
  lab(): Pick<RemoteLab, "cancel">;
  callback: <F extends (...values: never[]) => void>(call: F) => F;
  /** Hears that a job ended by itself, and what went wrong, if it did. */
  ended?: (name: JobName, problem: string | undefined) => void;
}

/** Does the work of a job that has begun; by its number the worker knows it. */
type Work<T> = (id: number) => Promise<T>;

/** All that the page has under way, by name, and what went wrong with it. */
export class PageJobs {
  readonly all = Object.fromEntries(jobNames.map((name) => [name, new Job()])) as Record<
    JobName,
    Job
  >;
  problems = $state<Partial<Record<JobName, string>>>({});
  readonly #host: PageJobsHost;
  #last = 0;

  constructor(host: PageJobsHost) {
    this.#host = host;
  }

  /** A number that no job has. */
  number() {
    return ++this.#last;
  }

  /** Runs one job of a kind: supersedes the older, drops stale answers, puts errors in their place. */
  async run<T>(name: JobName, stage: string, work: Work<T>): Promise<T | undefined> {
    const job = this.all[name];
    if (job.running) void this.#host.lab().cancel(job.id);
    const id = this.number();
    job.begin(id, stage);
    delete this.problems[name];
    let [result, problem]: [T | undefined, string | undefined] = [undefined, undefined];
    let cancelled = false;
    try {
      result = await work(id);
    } catch (error) {
      cancelled = error instanceof Error && error.name === "AbortError";
      problem = messageOf(error);
    }
    if (job.id !== id) return undefined;
    job.end();
    if (cancelled) return undefined;
    if (problem !== undefined) this.problems[name] = problem;
    this.#host.ended?.(name, problem);
    return result;
  }

  /** What a desk needs to run jobs of one name. */
  of(name: JobName) {
    return {
      run: <T>(stage: string, work: Work<T>) => this.run(name, stage, work),
      job: this.all[name],
      callback: this.#host.callback,
      report: (error: unknown) => this.report(name, error),
      stop: () => this.cancel(name),
    };
  }

  /** What the worker calls to say how far a job is; heard for as long as it is the one of its name. */
  progress(name: JobName, id: number) {
    return this.#host.callback((done: number, total: number, stage: string) => {
      if (this.all[name].id === id) this.all[name].progress(done, total, stage);
    });
  }

  cancel(name: JobName) {
    const job = this.all[name];
    void this.#host.lab().cancel(job.id);
    job.end();
    job.id = this.number();
  }

  /** Ends a job, and takes away what it has said went wrong. */
  clear(name: JobName) {
    this.cancel(name);
    delete this.problems[name];
  }

  /** Puts what went wrong outside a job, in a download, where it belongs; null takes it away. */
  report(name: JobName, error: unknown) {
    if (error === null) delete this.problems[name];
    else this.problems[name] = messageOf(error);
  }

  /** Takes away what went wrong with jobs of these names, but for those that run again. */
  forget(names: readonly JobName[]) {
    for (const name of names) if (!this.all[name].running) delete this.problems[name];
  }

  /** Ends every job of the page, where the worker is gone or going. */
  stop() {
    for (const job of Object.values(this.all)) {
      job.id = this.number();
      job.end();
    }
  }
}
