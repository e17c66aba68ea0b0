/** How far the transfer of a model's files has come. */
export interface TransferProgress {
  /** Bytes of the wanted files that are here, kept ones included. */
  bytes: number;
  /** Bytes of all files that were asked for so far. */
  total: number;
  /** Over the last few seconds; 0 while nothing comes. */
  bytesPerSecond: number;
  /** Unknown while nothing comes. */
  secondsLeft?: number | undefined;
}

/** Milliseconds over which the speed is taken, and between two reports. */
const SPAN = 5000;
const PAUSE = 100;

/** Speed and time left of a transfer, from the bytes that come over the network. */
export class TransferMeter {
  readonly #clock: () => number;
  readonly #state: () => { bytes: number; total: number };
  readonly #report: (progress: TransferProgress) => void;
  #samples: { time: number; bytes: number }[] = [];
  #received = 0;
  #reported = -Infinity;

  /**
   * @param state bytes that are here and bytes that are wanted
   * @param clock milliseconds
   */
  constructor(
    state: () => { bytes: number; total: number },
    report: (progress: TransferProgress) => void,
    clock: () => number,
  ) {
    this.#state = state;
    this.#report = report;
    this.#clock = clock;
  }

  /** Some bytes came over the network. */
  add(bytes: number): void {
    this.#received += bytes;
    const now = this.#clock();
    this.#samples.push({ time: now, bytes: this.#received });
    this.#samples = this.#samples.filter(({ time }) => time >= now - SPAN);
    if (now - this.#reported >= PAUSE) this.report();
  }

  /** Reports how it stands, at once. */
  report(): void {
    const { bytes, total } = this.#state();
    const bytesPerSecond = this.#speed();
    this.#reported = this.#clock();
    this.#report({
      bytes,
      total,
      bytesPerSecond,
      secondsLeft: bytesPerSecond > 0 ? (total - bytes) / bytesPerSecond : undefined,
    });
  }

  #speed(): number {
    const now = this.#clock();
    const recent = this.#samples.filter(({ time }) => time >= now - SPAN);
    if (recent.length < 2) return 0;
    const [first, last] = [recent[0], recent[recent.length - 1]];
    // Up to now, so that a connection that stands still slows down.
    return now > first.time ? ((last.bytes - first.bytes) * 1000) / (now - first.time) : 0;
  }
}
