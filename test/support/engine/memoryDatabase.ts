import type { TileDatabase } from "../../../src/engine/storage/tileDatabase.ts";
import type { Locks } from "../../../src/engine/storage/TileSets.ts";

/** The browser's database over a Map; `refuse` may throw for a key that is about to be written. */
export function memoryDatabase(refuse: (key: string) => void = () => undefined) {
  const entries = new Map<string, unknown>();
  const put = (key: string, value: unknown) => {
    refuse(key);
    entries.set(key, structuredClone(value));
  };
  /** What throws rejects, as an aborted transaction does. */
  const answer = <T>(work: () => T) =>
    new Promise<T>((resolve) => {
      resolve(work());
    });
  const database: TileDatabase = {
    get: (key) => answer(() => structuredClone(entries.get(key))),
    set: (key, value) => answer(() => put(key, value)),
    keys: () => answer(() => [...entries.keys()]),
    next: (key) =>
      answer(() => {
        const value = Number(entries.get(key) ?? 0) + 1;
        put(key, value);
        return value;
      }),
    flip: ({ key, change, drop }) =>
      answer(() => {
        const changed = change(structuredClone(entries.get(key)));
        if (!changed) return false;
        if (changed.value === undefined) entries.delete(key);
        else put(key, changed.value);
        const parts = [...entries.keys()].filter((part) => part.startsWith(`${key}#`));
        for (const part of parts) if (drop(part)) entries.delete(part);
        return true;
      }),
  };
  return { entries, database };
}

/** Web Locks of one browser with several tabs. */
export function memoryLocks(): Locks {
  const held = new Map<string, Promise<unknown>>();
  const request = async (
    name: string,
    options: LockOptions,
    work: (lock: Lock | null) => unknown,
  ): Promise<unknown> => {
    while (held.has(name)) {
      if (options.ifAvailable) return work(null);
      await held.get(name);
    }
    const done = Promise.resolve(work({ name, mode: "exclusive" }));
    const free = () => held.delete(name);
    held.set(name, done.then(free, free));
    return done;
  };
  return { request } as Locks;
}
