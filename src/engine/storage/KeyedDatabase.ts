import { promisifyRequest, type UseStore } from "idb-keyval";
import { openStore } from "./openStore.ts";

/** Entries by keys, as a shelf needs them; a test may stand in for it. */
export interface KeyedDatabase {
  get(key: string): Promise<unknown>;
  /** The entries whose keys begin so, in the order of their keys. */
  entries(prefix: string): Promise<[key: string, value: unknown][]>;
  keys(prefix: string): Promise<string[]>;
  /**
   * One transaction, done as a whole or not at all: told the value of a key, `change` answers what to write, undefined
   * for what is deleted. No other tab comes between.
   */
  change(key: string, change: (current: unknown) => Map<string, unknown>): Promise<void>;
}

/** The browser's. */
export function keyedDatabase(name: string, store = openStore(name, "entries")): KeyedDatabase {
  return {
    get: (key) => store("readonly", (objects) => promisifyRequest<unknown>(objects.get(key))),
    keys: (prefix) =>
      store(
        "readonly",
        async (objects) => (await promisifyRequest(objects.getAllKeys(range(prefix)))) as string[],
      ),
    entries: (prefix) => entriesOf(store, prefix),
    change: (key, change) =>
      store(
        "readwrite",
        (objects) =>
          new Promise<void>((done, failed) => {
            const current = objects.get(key);
            // What is thrown in here is nobody's to catch, and would reach the page.
            current.onsuccess = () => {
              try {
                write(objects, change(current.result));
              } catch (error) {
                failed(error instanceof Error ? error : new Error(String(error)));
                objects.transaction.abort();
              }
            };
            promisifyRequest(objects.transaction).then(done, failed);
          }),
      ),
  };
}

function write(objects: IDBObjectStore, entries: Map<string, unknown>): void {
  for (const [key, value] of entries) {
    if (value === undefined) objects.delete(key);
    else objects.put(value, key);
  }
}

/** Keys and values of one transaction belong together, one by one. */
const entriesOf = (store: UseStore, prefix: string) =>
  store("readonly", async (objects) => {
    const [keys, values] = await Promise.all([
      promisifyRequest(objects.getAllKeys(range(prefix))),
      promisifyRequest<unknown[]>(objects.getAll(range(prefix))),
    ]);
    return keys.map((key, i): [string, unknown] => [key as string, values[i]]);
  });

const range = (prefix: string) => IDBKeyRange.bound(prefix, `${prefix}\uffff`);
