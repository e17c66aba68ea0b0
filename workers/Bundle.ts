/** Milliseconds between two messages: often enough to look alive, seldom enough to cost nothing. */
const PAUSE = 100;

/**
 * Reports gathered into few messages: a run of a thousand facts has some ten thousand steps, and a message across the
 * thread for each would cost more than drawing them.
 */
export class Bundle<T> {
  #held: T[] = [];
  #sent = -Infinity;
  readonly #send: (reports: T[]) => void;
  readonly #clock: () => number;

  constructor(send: (reports: T[]) => void, clock: () => number = () => performance.now()) {
    this.#send = send;
    this.#clock = clock;
  }

  /** Takes a report; what is `urgent`, or comes a while after the last message, goes out at once with all before it. */
  add(report: T, urgent = false) {
    this.#held.push(report);
    if (urgent || this.#clock() - this.#sent >= PAUSE) this.flush();
  }

  /** Sends what is held. */
  flush() {
    if (this.#held.length) this.#send(this.#held);
    this.#held = [];
    this.#sent = this.#clock();
  }
}
