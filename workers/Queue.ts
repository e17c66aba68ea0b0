import { releaseCallback } from "./callback.ts";
import { explain } from "./explain.ts";

/**
 * The Lab's jobs, one after the other: they share a model and its edits. Each has a number, by which
 * it is cancelled, waiting or under way.
 */
export class Queue {
  #turn: Promise<unknown> = Promise.resolve();
  #jobs = new Map<number, AbortController>();
  readonly #frame: <T>(work: () => Promise<T>) => Promise<T>;

  /** `frame` is what each job is done in: what it leaves on the device where it fails is released there. */
  constructor(frame: <T>(work: () => Promise<T>) => Promise<T> = (work) => work()) {
    this.#frame = frame;
  }

  /**
   * Runs work when all earlier work is done; within {@link aside}, as a part of the same job.
   *
   * @throws what the work throws, as a sentence; an AbortError after {@link cancel}
   */
  async run<T>(id: number, doing: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const outer = this.#jobs.get(id);
    const controller = outer ?? new AbortController();
    this.#jobs.set(id, controller);
    const before = this.#turn;
    let done!: () => void;
    this.#turn = new Promise<void>((resolve) => (done = resolve));
    try {
      await before;
      controller.signal.throwIfAborted();
      return await this.#frame(() => work(controller.signal));
    } catch (error) {
      throw explain(error, doing);
    } finally {
      if (!outer) this.#jobs.delete(id);
      done();
    }
  }

  /** {@link run} of work that reports; its callback is released afterwards. */
  async runReporting<T>(
    id: number,
    doing: string,
    report: (...values: never[]) => void,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.run(id, doing, work);
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
  async aside<T>(id: number, doing: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.#jobs.set(id, controller);
    try {
      const result = await work(controller.signal);
      controller.signal.throwIfAborted();
      return result;
    } catch (error) {
      throw explain(error, doing);
    } finally {
      this.#jobs.delete(id);
    }
  }

  /** Stops a job; one that has ended already is none. */
  cancel(id: number) {
    this.#jobs.get(id)?.abort();
  }
}
