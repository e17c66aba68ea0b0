import { del, get, keys, set } from "idb-keyval";
import { untilClosed } from "./unkept.ts";

/**
 * What is kept from one visit to the next, in IndexedDB. Where that is full or blocked, things are
 * kept in memory instead, and `put` says so; nothing is lost while the page is open.
 */
export class Shelf {
  #memory = new Map<string, unknown>();

  /** Keeps a value under a key; null, or the sentence that says why it will not outlive the page. */
  async put(key: string, value: unknown): Promise<string | null> {
    this.#memory.set(key, value);
    try {
      await answered(set(key, value));
      this.#memory.delete(key);
      return null;
    } catch (error) {
      return unkept(error);
    }
  }

  /** Forgets what was kept under a key. */
  async drop(key: string): Promise<void> {
    this.#memory.delete(key);
    try {
      await answered(del(key));
    } catch {
      // What cannot be opened holds nothing that could be found again.
    }
  }

  /** The keys that begin so. */
  async keys(beginning: string): Promise<string[]> {
    const held = [...this.#memory.keys()];
    const all = [...held, ...(await answered(keys<string>()).catch(() => []))];
    return [...new Set(all)].filter((key) => String(key).startsWith(beginning));
  }

  /** What was kept under a key, or undefined. */
  async take(key: string): Promise<unknown> {
    if (this.#memory.has(key)) return this.#memory.get(key);
    try {
      return await answered(get(key));
    } catch {
      return undefined;
    }
  }
}

/** A database that another tab holds open in an older version never answers. */
async function answered<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the database does not answer")), 5000);
  });
  return Promise.race([work, silence]).finally(() => clearTimeout(timer));
}

const unkept = (error: unknown): string =>
  untilClosed(error, "the edits are kept", {
    full: "download them, or free some space",
    blocked: "download them to keep them",
  });
