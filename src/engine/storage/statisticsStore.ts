import type { ModelIdentity, StatedIdentity } from "../../data/identity/ModelIdentity.ts";
import { SymmetricTiles, tileCount } from "../../kernels/covariance/SymmetricTiles.ts";
import { StoredTotals } from "./StoredTotals.ts";
import { browserDatabase, type TileDatabase } from "./tileDatabase.ts";
import { DamagedStatistics, type Head, TileSets, type TileSetsOptions } from "./TileSets.ts";
import { whyUnkept } from "./unkept.ts";

/** What tells one layer's statistics from any other's. */
export interface StatisticsKey {
  /** What the contents of the model are known by, and how its matrices are kept: C of 4 bits is another. */
  stamp: string;
  precision: string;
  layer: number;
  corpus: string;
  /** How many texts were drawn; absent for all. */
  sampleSize?: number | undefined;
  /** At how many keys reading stopped; absent where it went to the end. */
  tokens?: number | undefined;
  /** Type of the keys' numbers. */
  dtype: string;
}

/** One layer's covariance: C = sum / count (METHODS 3). */
export interface StoredStatistics {
  layer: number;
  dMlp: number;
  /** How many tokens were summed. */
  count: number;
  /** Σ k kᵀ [dMlp, dMlp], not centred. */
  sum: SymmetricTiles;
  /** The corpus. */
  source: string;
  /** How many texts were drawn; absent where all were used. */
  sampleSize?: number | undefined;
  /** The model whose keys they are; absent in files of others, which do not say. */
  model?: StatedIdentity | undefined;
}

/** What is noted beside kept statistics. */
export interface StatisticsNotes {
  /** When they were saved or chosen last, in milliseconds since 1970. */
  date?: number;
  effectiveRank?: number;
  conditionNumber?: number;
}

/** Kept statistics without their matrix. */
export interface KeptStatistics extends Omit<StoredStatistics, "sum">, StatisticsNotes {
  key: StatisticsKey;
  bytes: number;
  /** Where they will not outlive the page. */
  memoryOnly: boolean;
}

/** The key of a layer's statistics in the browser's database. */
export function statisticsKey(key: StatisticsKey): string {
  const { stamp, precision, layer, corpus, sampleSize, tokens, dtype } = key;
  const parts = [stamp, precision, layer, corpus, sampleSize ?? "all", tokens ?? "all", dtype];
  return [PREFIX, ...parts.map((part) => encodeURIComponent(part))].join("/");
}

/** The key of a model's collection that is under way. */
export const collectionKey = ({ stamp, precision }: Numbers): string =>
  [`collection/${KEYS}`, stamp, precision].join("/");

/** A model's contents in one precision. */
type Numbers = Pick<ModelIdentity, "stamp" | "precision">;

/** Of the form of keys: before the third, models were told apart by the names of their folders. */
const KEYS = 3;
const PREFIX = `statistics/${KEYS}`;

/** What is said of a kept set. */
export type About = Omit<KeptStatistics, "bytes" | "memoryOnly"> & { side: number };

/**
 * Covariance statistics that outlive the page, in IndexedDB, in tiles. What the database refuses, because it is full,
 * blocked or not there, is held in memory instead: nothing is lost until the page closes, and `save` says so.
 */
export class StatisticsStore {
  readonly #memory = new Map<string, { about: About; sum: SymmetricTiles }>();
  readonly #sets: TileSets | undefined;

  /** @param database default: IndexedDB where the runtime has one */
  constructor(
    database: TileDatabase | undefined = browserDatabase(),
    options: TileSetsOptions = {},
  ) {
    this.#sets = database && new TileSets(database, options);
  }

  /**
   * Keeps one layer's statistics in the place of those under this key, which stay until the new ones are all there.
   *
   * @returns undefined, or why they are held in memory only, as a sentence for the reader
   */
  async save(
    key: StatisticsKey,
    { sum, ...about }: StoredStatistics,
    notes: StatisticsNotes = {},
  ): Promise<string | undefined> {
    const name = statisticsKey(key);
    const entry = { about: { ...about, ...notes, key, side: sum.side }, sum };
    this.#memory.set(name, entry);
    if (!this.#sets) return inMemory("this browser gives the page no IndexedDB");
    const sets = this.#sets;
    try {
      await sets.exclusively(name, () => write(sets, name, entry));
      this.#memory.delete(name);
      return undefined;
    } catch (error) {
      return inMemory(whyUnkept(error as Error));
    }
  }

  /**
   * The statistics kept under this key; undefined when there are none, or the database cannot be asked.
   *
   * @throws a sentence where what is kept is damaged
   */
  async load(key: StatisticsKey): Promise<StoredStatistics | undefined> {
    const name = statisticsKey(key);
    const held = this.#memory.get(name);
    if (held) return statisticsOf(held.about, held.sum);
    if (!this.#sets) return undefined;
    const head = await this.#sets.head<About>(name).catch(unlessDamaged);
    if (!head) return undefined;
    try {
      return await readSet(this.#sets, name, head);
    } catch (error) {
      const now = await this.#sets.head<About>(name);
      if (now?.generation === head.generation) throw error;
      return this.load(key); // another tab has saved over it meanwhile
    }
  }

  /** All that is kept for a model in any precision, the newest first; nothing where the database cannot be asked. */
  async list({ stamp }: Pick<StatisticsKey, "stamp">): Promise<KeptStatistics[]> {
    const found: KeptStatistics[] = [...this.#memory.values()].map(({ about }) =>
      kept(about, true),
    );
    for (const name of (await this.#sets?.names(`${PREFIX}/`).catch(() => [])) ?? []) {
      const head = await this.#sets!.head<About>(name).catch(() => undefined);
      if (head && !this.#memory.has(name)) found.push(kept(head.about, false));
    }
    return found
      .filter(({ key }) => key.stamp === stamp)
      .sort((a, b) => (b.date ?? 0) - (a.date ?? 0));
  }

  /** Notes something beside kept statistics. */
  async note(key: StatisticsKey, notes: StatisticsNotes): Promise<void> {
    const name = statisticsKey(key);
    const held = this.#memory.get(name);
    if (held) Object.assign(held.about, notes);
    const head = held ? undefined : await this.#sets?.head<About>(name).catch(() => undefined);
    if (head) await this.#sets!.describe(name, head, { ...head.about, ...notes });
  }

  /** Forgets one layer's statistics, in memory and in the database, damaged or not. */
  async delete(key: StatisticsKey): Promise<void> {
    const name = statisticsKey(key);
    this.#memory.delete(name);
    await this.#sets?.exclusively(name, () => this.#sets!.delete(name));
  }

  /** Deletes what crashed writes left behind. */
  async sweep(): Promise<void> {
    await this.#sets?.sweep().catch(() => undefined); // the next visit tries again
  }

  /**
   * The sums of a model's collection, to go on with or to begin; close it. Undefined where nothing can be kept.
   *
   * @throws when another tab has it open
   */
  async collection(model: Numbers): Promise<StoredTotals | undefined> {
    return this.#sets && StoredTotals.open(this.#sets, collectionKey(model));
  }
}

async function write(
  sets: TileSets,
  name: string,
  { about, sum }: { about: About; sum: SymmetricTiles },
): Promise<void> {
  const writer = await sets.write(name, sum.tiles.length);
  try {
    for (const [i, tile] of sum.tiles.entries()) await writer.put(i, tile);
    // Where another tab has saved a newer set meanwhile, that one stays.
    if (!(await writer.commit(about))) await writer.abandon();
  } catch (error) {
    await writer.abandon().catch(() => undefined); // the next visit sweeps it up
    throw error;
  }
}

/**
 * The statistics of a set of tiles, see {@link StatisticsStore.load}.
 *
 * @throws where a tile is damaged
 */
export async function readSet(
  sets: TileSets,
  name: string,
  head: Head<About>,
): Promise<StoredStatistics> {
  const { dMlp, side } = head.about;
  const tiles: Float32Array<ArrayBuffer>[] = [];
  for (let i = 0; i < tileCount(dMlp, side); i++) {
    tiles.push(await sets.tile<Float32Array<ArrayBuffer>>(name, head, i));
  }
  return statisticsOf(head.about, new SymmetricTiles(dMlp, side, tiles));
}

function statisticsOf(about: About, sum: SymmetricTiles): StoredStatistics {
  const { layer, dMlp, count, source, sampleSize, model } = about;
  return { layer, dMlp, count, source, sampleSize, model, sum };
}

function kept({ side, ...about }: About, memoryOnly: boolean): KeptStatistics {
  return { ...about, bytes: tileCount(about.dMlp, side) * side * side * 4, memoryOnly };
}

/** They can be collected again, unless the database has them and they are not what was written. */
function unlessDamaged(error: Error): undefined {
  if (error instanceof DamagedStatistics) throw error;
  return undefined;
}

function inMemory(why: string): string {
  return `the statistics are kept in memory only, until the page closes (${why}); export them as .npz to keep them`;
}
