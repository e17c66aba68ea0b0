import type { PartStore } from "../../../src/engine/files/download/PartStore.ts";

/** A store in memory; `room` is how many entries fit, as in a browser out of space. */
export function memoryStore({ room = Infinity }: { room?: number } = {}) {
  const entries = new Map<string, Uint8Array<ArrayBuffer>>();
  const store: PartStore = {
    get: (key) => Promise.resolve(entries.get(key)?.slice()),
    put(key, bytes) {
      if (!entries.has(key) && entries.size >= room) {
        return Promise.reject(new DOMException("Quota exceeded.", "QuotaExceededError"));
      }
      entries.set(key, bytes.slice());
      return Promise.resolve();
    },
    delete(key) {
      entries.delete(key);
      return Promise.resolve();
    },
    keys: (prefix) => Promise.resolve([...entries.keys()].filter((key) => key.startsWith(prefix))),
  };
  return Object.assign(store, { entries });
}

/** The keys of the parts in a store. */
export const partKeys = ({ entries }: ReturnType<typeof memoryStore>): string[] =>
  [...entries.keys()].filter((key) => /\/\d+-[0-9a-f]{64}$/.test(key));
