import type { KeyedDatabase } from "../../../src/engine/storage/KeyedDatabase.ts";

/** Entries by keys over a Map that tabs share; `refuse` may throw where something is to be written. */
export function memoryKeyed(refuse: (entries: Map<string, unknown>) => void = () => undefined) {
  const entries = new Map<string, unknown>();
  const keys = (prefix: string) =>
    [...entries.keys()].filter((key) => key.startsWith(prefix)).sort();
  const database: KeyedDatabase = {
    get: (key) => Promise.resolve(structuredClone(entries.get(key))),
    keys: (prefix) => Promise.resolve(keys(prefix)),
    entries: (prefix) => Promise.resolve(keys(prefix).map((key) => [key, entries.get(key)])),
    change: async (key, change) => {
      await Promise.resolve();
      const changes = change(structuredClone(entries.get(key)));
      refuse(changes);
      for (const [at, value] of changes) {
        if (value === undefined) entries.delete(at);
        else entries.set(at, structuredClone(value));
      }
    },
  };
  return { entries, database };
}

/** What tabs of one browser tell each other. */
export function memoryChannels() {
  const heard: { from: number; hear: (event: MessageEvent) => void }[] = [];
  let tabs = 0;
  return () => {
    const from = tabs++;
    return {
      postMessage: (data: unknown) =>
        heard.forEach((tab) => tab.from !== from && tab.hear({ data } as MessageEvent)),
      addEventListener: (_: string, hear: (event: MessageEvent) => void) =>
        void heard.push({ from, hear }),
    } as unknown as BroadcastChannel;
  };
}

/** The disk is full. */
export const full = () => {
  throw new DOMException("no room", "QuotaExceededError");
};
