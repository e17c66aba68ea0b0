import type { Ending } from "./Command.ts";
import { reason } from "./files/reason.ts";
import { removeUnfinished } from "./files/unfinished.ts";
import { Interrupted } from "./Interrupted.ts";

/** Exit statuses as shells give them: 128 and the signal's number. */
const statuses = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
const BROKEN_PIPE = 141;

/**
 * How the terminal's process ends before its work is done. By a signal: with 128 and its number, after what can stop
 * well has; a second signal does not wait for that. Where nobody reads what it prints, `| head -1`: quietly, with 141
 * as other programs do. Files that are not whole and locks are removed in each case.
 */
export class ProcessEnding implements Ending {
  readonly #stopping = new AbortController();
  #stoppable = 0;

  constructor() {
    for (const signal of Object.keys(statuses) as (keyof typeof statuses)[]) {
      process.on(signal, () => this.#stop(signal));
    }
    process.on("exit", removeUnfinished);
    process.stdout.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") end(BROKEN_PIPE);
      end(1, `standard output cannot be written: ${reason(error)}`);
    });
    // What cannot be told is not told.
    process.stderr.on("error", () => undefined);
  }

  async stoppable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#stoppable++;
    try {
      return await work(this.#stopping.signal);
    } finally {
      this.#stoppable--;
    }
  }

  #stop(signal: keyof typeof statuses): void {
    const { aborted } = this.#stopping.signal;
    if (this.#stoppable === 0 || aborted) {
      end(statuses[signal], `stopped by ${signal}; files that were not whole are removed`);
    }
    this.#stopping.abort(new Interrupted(signal, statuses[signal]));
  }
}

/** Ends the process now. */
function end(status: number, sentence?: string): never {
  removeUnfinished();
  if (sentence) process.stderr.write(`${process.stderr.isTTY ? "\n" : ""}${sentence}\n`);
  process.exit(status);
}
