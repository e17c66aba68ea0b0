import type { PartStore } from "./PartStore.ts";

const NAME = "palimpsest-models";
// `.invalid` has no server: these addresses are never fetched.
const ORIGIN = "https://palimpsest.invalid/models/";

/**
 * Keeps parts in the browser's Cache, each as an entry of its own (a Cache cannot hold a 206).
 *
 * @param storage default: the browser's
 * @returns undefined where there is none (an insecure page, Node)
 */
export function browserStore(
  storage: CacheStorage | undefined = globalThis.caches,
): PartStore | undefined {
  if (!storage) return undefined;
  const cache = () => storage.open(NAME);
  return {
    async get(key) {
      const response = await (await cache()).match(ORIGIN + key);
      return response && new Uint8Array(await response.arrayBuffer());
    },
    async put(key, bytes) {
      await (await cache()).put(ORIGIN + key, new Response(bytes));
    },
    async delete(key) {
      await (await cache()).delete(ORIGIN + key);
    },
    async keys(prefix) {
      const urls = (await (await cache()).keys()).map(({ url }) => url);
      return urls
        .filter((url) => url.startsWith(ORIGIN + prefix))
        .map((url) => url.slice(ORIGIN.length));
    },
  };
}

/** What the browser says of its storage for this page, in bytes. */
export interface StorageEstimate {
  used: number;
  free: number;
  /** Whether it promised not to evict it. */
  persisted: boolean;
}

/** What can still be kept; undefined where the browser does not say. */
export async function storageEstimate(
  storage: StorageManager | undefined = globalThis.navigator?.storage,
): Promise<StorageEstimate | undefined> {
  try {
    const { usage, quota } = (await storage?.estimate()) ?? {};
    if (usage === undefined || quota === undefined) return undefined;
    const persisted = (await storage?.persisted()) ?? false;
    return { used: usage, free: Math.max(0, quota - usage), persisted };
  } catch {
    return undefined;
  }
}
