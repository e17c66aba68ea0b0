import { FileHash } from "./FileHash.ts";
import type { FileFacts } from "../ModelRecord.ts";

/** A file as its hash sees it. */
export interface HashedParts {
  readonly count: number;
  readonly facts: FileFacts;
  /** Whether a part has arrived, be it at hand still or not. */
  came(index: number): boolean;
  part(index: number): Promise<Uint8Array>;
  /** A part that is at hand. */
  nearby(index: number): Promise<Uint8Array | undefined>;
}

/** The hash of a whole file, fed in file order while the parts arrive in any. */
export class WholeHash {
  readonly #file: HashedParts;
  #hash: FileHash | undefined;
  #next = 0;
  #turn: Promise<void> = Promise.resolve();
  #found: string | undefined;
  #ending = false;

  constructor(file: HashedParts) {
    this.#file = file;
  }

  /** Goes on over the parts that are at hand and follow. */
  advance(): Promise<void> {
    // Who goes to the end asks for the parts itself, and may be waiting for the very slot this would hold.
    if (this.#ending) return Promise.resolve();
    return this.#queue(() => this.#feed(false));
  }

  /**
   * Goes on to the file's end, through parts that must still be fetched.
   *
   * @returns the hash; undefined where the file has none to be compared with
   */
  async end(): Promise<string | undefined> {
    this.#ending = true;
    try {
      await this.#queue(() => this.#feed(true));
    } finally {
      this.#ending = false;
    }
    return (this.#found ??= this.#hash?.hex());
  }

  #queue(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #feed(toEnd: boolean): Promise<void> {
    const { count, facts } = this.#file;
    if (facts.hash) this.#hash ??= await FileHash.start(facts.hash.kind, facts.size);
    for (; this.#next < count; this.#next++) {
      const needed = this.#hash !== undefined || !this.#file.came(this.#next);
      if (!needed) continue;
      const bytes = await (toEnd ? this.#file.part(this.#next) : this.#file.nearby(this.#next));
      if (!bytes) return;
      this.#hash?.update(bytes);
    }
  }
}
