import { parsePartKey, type PartStore } from "./download/PartStore.ts";

/** A store that can say how many bytes of files were put into it. */
export type OverlayStore = PartStore & { added(): number };

/**
 * A store that reads through to another and writes to memory alone: who only looks at a model leaves no trace of it.
 */
export function overlayStore(below: PartStore | undefined): OverlayStore {
  const written = new Map<string, Uint8Array<ArrayBuffer>>();
  const gone = new Set<string>();
  return {
    added() {
      const parts = [...written].filter(([key]) => parsePartKey(key));
      return parts.reduce((sum, [, { length }]) => sum + length, 0);
    },
    async get(key) {
      return written.get(key) ?? (gone.has(key) ? undefined : await below?.get(key));
    },
    put(key, bytes) {
      gone.delete(key);
      written.set(key, bytes);
      return Promise.resolve();
    },
    delete(key) {
      written.delete(key);
      gone.add(key);
      return Promise.resolve();
    },
    async keys(prefix) {
      const all = new Set([...((await below?.keys(prefix)) ?? []), ...written.keys()]);
      return [...all].filter((key) => key.startsWith(prefix) && !gone.has(key));
    },
  };
}
