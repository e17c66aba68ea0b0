import type { ModelFiles } from "./ModelFiles.ts";

const FORMAT = 1;
const STORE = "palimpsest-models";

/** What names one stored part of a model file. */
export interface PartKey {
  /** Address of the model's folder. */
  base: string;
  path: string;
  /** The file's ETag or whatever else tells its versions apart; "about" is the record of that itself. */
  stamp: string;
  /** Byte offsets [begin, end); absent for the whole file. */
  range?: [begin: number, end: number];
}

/** The address under which a part is kept in the browser's Cache. It is never fetched: `.invalid` has no server. */
export function partKey({ base, path, stamp, range }: PartKey): string {
  const part = range ? `${range[0]}-${range[1]}` : "whole";
  return [fileKey(base, path), encodeURIComponent(stamp), part].join("/");
}

/** The common beginning of the keys of all parts and versions of one file. */
function fileKey(base: string, path: string): string {
  return `https://palimpsest.invalid/models/${FORMAT}/${encodeURIComponent(base)}/${encodeURIComponent(path)}`;
}

interface About {
  found: boolean;
  size?: number;
  stamp?: string;
}

/** Options of {@link cachedFiles}. */
export interface CacheOptions {
  /** The address the files come from. */
  base: string;
  /** Default: the browser's; where there is none (Node, an insecure page) nothing is kept. */
  caches?: CacheStorage | undefined;
  /** Told once, in a sentence, when the browser refuses to store more. */
  onWarning?: (sentence: string) => void;
}

/**
 * Keeps what is read of a remote model in the browser's Cache, every range as an entry of its own (a Cache cannot hold
 * a 206). A file's parts belong to its stamp: when the server has another version the old parts are dropped and never
 * mixed with new ones. Without a connection the version seen last is used. A full or broken Cache costs only speed.
 */
export function cachedFiles(files: ModelFiles, options: CacheOptions): ModelFiles {
  const { base, caches = globalThis.caches } = options;
  if (!caches) return files;
  const store = new PartStore(caches, options.onWarning);
  const abouts = new Map<string, Promise<About>>();
  const about = (path: string): Promise<About> => {
    const known = abouts.get(path);
    if (known) return known;
    const asked = currentAbout(files, store, { base, path });
    abouts.set(path, asked);
    asked.catch(() => abouts.delete(path));
    return asked;
  };
  return {
    name: files.name,
    revision: files.revision,
    async read(path, range) {
      const { stamp } = await about(path);
      if (stamp === undefined) return files.read(path, range);
      const key = partKey({ base, path, stamp, ...(range && { range }) });
      const kept = await store.get(key);
      if (kept) return kept;
      const bytes = await files.read(path, range);
      await store.put(key, bytes);
      return bytes;
    },
    size: async (path) => (await about(path)).size,
    has: async (path) => (await about(path)).found,
    stamp: async (path) => (await about(path)).stamp,
  };
}

/** Asks the server; keeps its answer, and falls back on the kept one when it cannot be reached. */
async function currentAbout(
  files: ModelFiles,
  store: PartStore,
  { base, path }: { base: string; path: string },
): Promise<About> {
  const key = partKey({ base, path, stamp: "about" });
  const kept = await store.get(key);
  const before = kept && (JSON.parse(new TextDecoder().decode(kept)) as About);
  let now: About;
  try {
    const [found, size, stamp] = await Promise.all([
      files.has(path),
      files.size(path),
      files.stamp?.(path),
    ]);
    now = { found, ...(size !== undefined && { size }), ...(stamp !== undefined && { stamp }) };
  } catch (error) {
    if (before) return before;
    throw error;
  }
  if (before && before.stamp !== now.stamp) await store.deleteAll(`${fileKey(base, path)}/`);
  if (now.found) await store.put(key, new TextEncoder().encode(JSON.stringify(now)));
  return now;
}

/** Bytes by key in the Cache; every failure of the Cache is a miss. */
class PartStore {
  readonly #caches: CacheStorage;
  readonly #onWarning: ((sentence: string) => void) | undefined;
  #full = false;

  constructor(caches: CacheStorage, onWarning?: (sentence: string) => void) {
    this.#caches = caches;
    this.#onWarning = onWarning;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    try {
      const response = await (await this.#caches.open(STORE)).match(key);
      return response && new Uint8Array(await response.arrayBuffer());
    } catch {
      return undefined;
    }
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    if (this.#full) return;
    try {
      const cache = await this.#caches.open(STORE);
      await cache.put(key, new Response(bytes as Uint8Array<ArrayBuffer>));
    } catch (cause) {
      this.#full = true;
      this.#onWarning?.(
        `the browser does not keep the model's files (${(cause as Error).message}); it works, but the next visit downloads them again`,
      );
    }
  }

  async deleteAll(prefix: string): Promise<void> {
    try {
      const cache = await this.#caches.open(STORE);
      const old = (await cache.keys()).filter(({ url }) => url.startsWith(prefix));
      await Promise.all(old.map((request) => cache.delete(request)));
    } catch {
      // Keys hold the stamp, so what stays behind is never read.
    }
  }
}
