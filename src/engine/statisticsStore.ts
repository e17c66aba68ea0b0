import * as idb from "idb-keyval";

const FORMAT = 1;
// Rows are stored in pieces of about this size, which no browser refuses to clone.
const TILE_BYTES = 16 * 2 ** 20;
// A database that another tab holds open in an older version never answers.
const PATIENCE_MS = 5000;

/** What tells one layer's statistics from any other's. */
export interface StatisticsKey {
  model: string;
  revision: string;
  layer: number;
  corpus: string;
  /** How many texts were drawn; absent for all. */
  sampleSize?: number;
  /** Precision the keys were computed in. */
  dtype: string;
}

/** One layer's second moment: C = sum / count (METHODS 3). */
export interface StoredStatistics {
  layer: number;
  dMlp: number;
  /** How many tokens were summed. */
  count: number;
  /** Σ k kᵀ [dMlp, dMlp], not centred. */
  sum: Float32Array;
  /** The corpus. */
  source: string;
  /** How many texts were drawn; absent where all were used. */
  sampleSize?: number;
}

/** The part of idb-keyval that is used, for tests to stand in for. */
export interface KeyValue {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  delMany(keys: string[]): Promise<void>;
  keys(): Promise<IDBValidKey[]>;
}

/** The key of a layer's statistics in the browser's database. */
export function statisticsKey(key: StatisticsKey): string {
  const { model, revision, layer, corpus, sampleSize, dtype } = key;
  const parts = [model, revision, layer, corpus, sampleSize ?? "all", dtype];
  return ["statistics", FORMAT, ...parts.map((part) => encodeURIComponent(part))].join("/");
}

/** The head of a stored set: written last, so that a crash leaves the old set or the new one. */
interface Head extends Omit<StoredStatistics, "sum"> {
  /** Tiles are under `<key>#<generation>.<index>`. */
  generation: number;
  tiles: number;
}

/**
 * Covariance statistics that outlive the page, in IndexedDB. Whatever is saved is also held in memory: when the database
 * is full, blocked or not there, nothing is lost until the page closes, and `save` says so in a sentence.
 */
export class StatisticsStore {
  readonly #memory = new Map<string, StoredStatistics>();
  readonly #database: KeyValue | undefined;
  readonly #patience: number;
  readonly #tileBytes: number;

  /**
   * @param database default: IndexedDB where the runtime has one
   * @param options how long to wait for an answer, in milliseconds, and how large a stored piece may be
   */
  constructor(
    database: KeyValue | undefined = browserDatabase(),
    { patience = PATIENCE_MS, tileBytes = TILE_BYTES } = {},
  ) {
    this.#database = database;
    this.#patience = patience;
    this.#tileBytes = tileBytes;
  }

  /**
   * Keeps one layer's statistics.
   *
   * @returns undefined, or why they are held in memory only, as a sentence for the reader
   */
  async save(key: StatisticsKey, statistics: StoredStatistics): Promise<string | undefined> {
    const name = statisticsKey(key);
    this.#memory.set(name, statistics);
    if (!this.#database) return inMemory("this browser gives the page no IndexedDB");
    try {
      const rows = Math.max(1, Math.floor(this.#tileBytes / (4 * statistics.dMlp)));
      await this.#answered(write(this.#database, name, { statistics, rows }));
      return undefined;
    } catch (error) {
      return inMemory(reason(error as Error));
    }
  }

  /** The statistics saved under this key, from memory or the database; undefined when there are none. */
  async load(key: StatisticsKey): Promise<StoredStatistics | undefined> {
    const name = statisticsKey(key);
    const held = this.#memory.get(name);
    if (held || !this.#database) return held;
    try {
      const stored = await this.#answered(read(this.#database, name));
      if (stored) this.#memory.set(name, stored);
      return stored;
    } catch {
      return undefined; // they can be collected again
    }
  }

  /** Forgets one layer's statistics, in memory and in the database. */
  async delete(key: StatisticsKey): Promise<void> {
    const name = statisticsKey(key);
    this.#memory.delete(name);
    if (this.#database) await this.#answered(dropTiles(this.#database, name, () => true));
  }

  async #answered<T>(work: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error("the database does not answer; is the page open in another tab?")),
        this.#patience,
      );
    });
    return Promise.race([work, silence]).finally(() => clearTimeout(timer));
  }
}

function browserDatabase(): KeyValue | undefined {
  if (typeof indexedDB === "undefined") return undefined;
  const store = idb.createStore("palimpsest", "statistics");
  return {
    get: (key) => idb.get(key, store),
    set: (key, value) => idb.set(key, value, store),
    delMany: (keys) => idb.delMany(keys, store),
    keys: () => idb.keys(store),
  };
}

async function write(
  database: KeyValue,
  name: string,
  { statistics, rows }: { statistics: StoredStatistics; rows: number },
): Promise<void> {
  const { sum, ...rest } = statistics;
  const before = (await database.get(name)) as Head | undefined;
  const generation = (before?.generation ?? 0) + 1;
  const tileLength = rows * rest.dMlp;
  const tiles = Math.ceil(sum.length / tileLength);
  try {
    for (let i = 0; i < tiles; i++) {
      const tile = sum.slice(i * tileLength, (i + 1) * tileLength);
      await database.set(`${name}#${generation}.${i}`, tile);
    }
    await database.set(name, { ...rest, generation, tiles } satisfies Head);
  } catch (error) {
    await dropTiles(database, name, (key) => key.startsWith(`${name}#${generation}.`)).catch(
      () => {},
    );
    throw error;
  }
  await dropTiles(
    database,
    name,
    (key) => isTile(name, key) && !key.startsWith(`${name}#${generation}.`),
  );
}

async function read(database: KeyValue, name: string): Promise<StoredStatistics | undefined> {
  const head = (await database.get(name)) as Head | undefined;
  if (!head) return undefined;
  const { generation, tiles, ...rest } = head;
  const sum = new Float32Array(rest.dMlp * rest.dMlp);
  let at = 0;
  for (let i = 0; i < tiles; i++) {
    const tile = await database.get(`${name}#${generation}.${i}`);
    if (!(tile instanceof Float32Array) || at + tile.length > sum.length) return undefined;
    sum.set(tile, at);
    at += tile.length;
  }
  return at === sum.length ? { ...rest, sum } : undefined;
}

const isTile = (name: string, key: string) => key.startsWith(`${name}#`);

/** Deletes those entries of one set, head included, that `which` names. */
async function dropTiles(
  database: KeyValue,
  name: string,
  which: (key: string) => boolean,
): Promise<void> {
  const keys = (await database.keys()).map(String);
  await database.delMany(keys.filter((key) => (key === name || isTile(name, key)) && which(key)));
}

function reason({ name, message }: Error): string {
  return name === "QuotaExceededError" ? "the browser's storage for this page is full" : message;
}

function inMemory(why: string): string {
  return `the statistics are kept in memory only, until the page closes (${why}); export them as .npz to keep them`;
}
