import { promisifyRequest } from "idb-keyval";
import { openStore } from "./openStore.ts";

const NAME = "palimpsest-vectors";

/** Found states of facts that were kept under the names of their models' folders: they can be counted and deleted. */
export class EarlierStates {
  readonly #store = openStore(NAME, "vectors");

  /** How many there are; 0 where the database cannot be asked. */
  async count(): Promise<number> {
    try {
      // Opening a database would make it.
      const databases = (await globalThis.indexedDB?.databases?.()) ?? [];
      if (!databases.some(({ name }) => name === NAME)) return 0;
      return await this.#store("readonly", (objects) => promisifyRequest(objects.count()));
    } catch {
      return 0;
    }
  }

  /** Deletes them all. */
  async clear(): Promise<void> {
    await this.#store("readwrite", (objects) => {
      objects.clear();
      return promisifyRequest(objects.transaction);
    });
  }
}
