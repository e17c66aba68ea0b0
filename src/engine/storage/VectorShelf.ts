import { clear, createStore, get, keys, setMany, type UseStore } from "idb-keyval";
import { untilClosed } from "./unkept.ts";

/** What lies on the shelf. */
export interface ShelfSize {
  vectors: number;
  bytes: number;
}

/**
 * Named vectors that outlive the page, in a database of their own. Where that is full or blocked they are held in memory
 * until the page closes, and `trouble` says so; nothing here throws.
 */
export class VectorShelf {
  /** Why vectors will not outlive the page, as a sentence. */
  trouble: string | undefined;
  readonly #memory = new Map<string, Float32Array>();
  #opened: UseStore | undefined;

  /** The vector of this name, or undefined. */
  async get(name: string): Promise<Float32Array | undefined> {
    const held = this.#memory.get(name);
    if (held) return held;
    try {
      const found: unknown = await get(name, this.#store());
      return found instanceof Float32Array ? found : undefined;
    } catch {
      return undefined;
    }
  }

  /** Keeps a vector; it need not be awaited before the next. */
  async set(name: string, vector: Float32Array): Promise<void> {
    this.#memory.set(name, vector);
    try {
      await setMany([[name, vector]], this.#store());
      this.#memory.delete(name);
      this.trouble = undefined;
    } catch (error) {
      this.trouble = unkept(error);
    }
  }

  /** How much lies there, in memory and in the database. */
  async size(): Promise<ShelfSize> {
    const names = new Set([...this.#memory.keys(), ...(await this.#names())]);
    const [name = ""] = names;
    const some = await this.get(name);
    return { vectors: names.size, bytes: names.size * (some?.byteLength ?? 0) };
  }

  /** Forgets them all. */
  async clear(): Promise<void> {
    this.#memory.clear();
    try {
      await clear(this.#store());
    } catch {
      // What cannot be opened holds nothing that could be found again.
    }
  }

  async #names(): Promise<string[]> {
    try {
      return await keys<string>(this.#store());
    } catch {
      return [];
    }
  }

  /** Opened when it is first needed: where there is no IndexedDB, that throws. */
  #store(): UseStore {
    return (this.#opened ??= createStore("palimpsest-vectors", "vectors"));
  }
}

const unkept = (error: unknown): string =>
  untilClosed(error, "an interrupted run of many facts goes on", {
    full: "free some space to keep what is found",
  });
