import { get, set } from "idb-keyval";
import { openStore } from "./openStore.ts";

/**
 * Small values from one visit to the next, that can be had again: where the browser takes none, they last as long as the
 * page, and nothing is said.
 */
export class Shelf {
  readonly #memory = new Map<string, unknown>();
  readonly #store = openStore("keyval-store", "keyval");

  /** Keeps a value under a key. */
  async put(key: string, value: unknown): Promise<void> {
    this.#memory.set(key, value);
    await set(key, value, this.#store).catch(() => undefined);
  }

  /** What was kept under a key, or undefined. */
  async take(key: string): Promise<unknown> {
    if (this.#memory.has(key)) return this.#memory.get(key);
    return get(key, this.#store).catch(() => undefined);
  }
}
