import * as idb from "idb-keyval";
import { openStore } from "./openStore.ts";

/** One change of a set of entries, made in one transaction or not at all. */
export interface Flip {
  /** The entry that says which of the set's other entries count. */
  key: string;
  /** Its new value, told the one that is there now; undefined removes it, no answer at all changes nothing. */
  change: (current: unknown) => { value: unknown } | undefined;
  /** Which of the entries whose keys begin with `key#` to delete. */
  drop: (key: string) => boolean;
}

/** What is needed of a database, for tests to stand in for. */
export interface TileDatabase {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  keys(): Promise<string[]>;
  /** Adds one to a number and returns it; two tabs never get the same. */
  next(key: string): Promise<number>;
  /** False where `change` had no answer, and nothing was changed. */
  flip(change: Flip): Promise<boolean>;
}

/** The browser's IndexedDB through idb-keyval; undefined where the runtime has none. */
export function browserDatabase(): TileDatabase | undefined {
  if (typeof indexedDB === "undefined") return undefined;
  const store = openStore("palimpsest", "statistics");
  return {
    get: (key) => idb.get(key, store),
    set: (key, value) => idb.set(key, value, store),
    keys: async () => (await idb.keys(store)).map(String),
    async next(key) {
      let value = 0;
      await idb.update<number>(key, (before = 0) => (value = before + 1), store);
      return value;
    },
    flip: (change) => store("readwrite", (objects) => flip(objects, change)),
  };
}

/** One transaction: whatever else it does follows from the answers to its own requests. */
async function flip(objects: IDBObjectStore, { key, change, drop }: Flip): Promise<boolean> {
  let changed: { value: unknown } | undefined;
  const current = objects.get(key);
  current.onsuccess = () => {
    changed = change(current.result);
    if (!changed) return;
    if (changed.value === undefined) objects.delete(key);
    else objects.put(changed.value, key);
    const parts = objects.getAllKeys(IDBKeyRange.bound(`${key}#`, `${key}#\uffff`));
    parts.onsuccess = () => {
      for (const part of parts.result as string[]) if (drop(part)) objects.delete(part);
    };
  };
  await idb.promisifyRequest(objects.transaction);
  return changed !== undefined;
}
