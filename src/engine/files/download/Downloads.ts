/** A file that is fetched in parts. */
export interface PartSource {
  readonly count: number;
  /** Whether a part must still be fetched, and may be now. */
  lacks(index: number): boolean;
  /** Whether somebody waits for a part. */
  awaits(index: number): boolean;
  /** The parts that may be fetched before anyone asks for them: [begin, end). */
  ahead(): [begin: number, end: number];
  /** Fetches one part and tells whoever waits; never rejects. */
  fetch(index: number): Promise<void>;
}

/** Decides what is fetched next: what somebody waits for, then the rest of the wanted files in their order. */
export class Downloads {
  readonly #slots: number;
  #active = 0;
  #due = false;
  #demanded: { file: PartSource; index: number }[] = [];
  readonly #wanted: PartSource[] = [];

  /** @param slots requests at a time */
  constructor(slots: number) {
    this.#slots = slots;
  }

  /** Somebody waits for a part. */
  demand(file: PartSource, index: number): void {
    this.#demanded.push({ file, index });
    this.#fillSoon();
  }

  /** Files that will be read; they are fetched in this order. */
  want(file: PartSource): void {
    if (!this.#wanted.includes(file)) this.#wanted.push(file);
    this.#fillSoon();
  }

  /** A read asks for its parts one by one; all of them come before what nobody asked for. */
  #fillSoon(): void {
    if (this.#due) return;
    this.#due = true;
    setTimeout(() => {
      this.#due = false;
      this.fill();
    });
  }

  /** Starts what there is room for. */
  fill(): void {
    while (this.#active < this.#slots) {
      const next = this.#nextDemanded() ?? this.#nextAhead();
      if (!next) return;
      this.#active++;
      void next.file.fetch(next.index).finally(() => {
        this.#active--;
        this.fill();
      });
    }
  }

  /** Gives a slot to others while `waiting` is: for an answer that is paused until its bytes are wanted. */
  async aside<T>(waiting: Promise<T>): Promise<T> {
    this.#active--;
    this.fill();
    try {
      return await waiting;
    } finally {
      this.#active++;
    }
  }

  /** One whose file sends everything at the moment stays in the list until it has arrived. */
  #nextDemanded(): { file: PartSource; index: number } | undefined {
    this.#demanded = this.#demanded.filter(({ file, index }) => file.awaits(index));
    const at = this.#demanded.findIndex(({ file, index }) => file.lacks(index));
    return this.#demanded.at(at < 0 ? Infinity : at);
  }

  #nextAhead(): { file: PartSource; index: number } | undefined {
    for (const file of this.#wanted) {
      const [begin, end] = file.ahead();
      for (let index = begin; index < end; index++) {
        if (file.lacks(index)) return { file, index };
      }
    }
    return undefined;
  }
}
