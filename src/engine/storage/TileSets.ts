import { checksum } from "../../data/archive/crc32.ts";
import type { TileDatabase } from "./tileDatabase.ts";

/** What is kept is not what was written. */
export class DamagedStatistics extends Error {
  constructor(what: string) {
    super(
      `the kept statistics are damaged: ${what} is not what was written; delete them, and import or collect them again`,
    );
  }
}

/** Of the layout of entries; another version's are never read. */
const FORMAT = 2;
/** A database that another tab holds open in an older version never answers. */
const PATIENCE_MS = 5_000;
/** A disk that is busy answers late. */
const SLOW = 12;

type Tile = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** What a set is, with the checksums of its tiles: written last, so that a crash leaves the old set or the new one. */
export interface Head<T> {
  format: number;
  /** Its tiles are under `<name>#<generation>.<index>`. */
  generation: number;
  checksums: Uint32Array<ArrayBuffer>;
  about: T;
  /** The checksum of all this. */
  seal: number;
}

/** The part of the Web Locks API that is used. */
export type Locks = Pick<LockManager, "request">;

/** What {@link TileSets} may be given instead of the browser's. */
export interface TileSetsOptions {
  locks?: Locks | undefined;
  /** Milliseconds to wait for the first answer. */
  patience?: number;
}

/**
 * Sets of tiles in a database, each of which is there as a whole or not at all: a write puts its tiles under a new
 * generation, and one transaction then makes them count and deletes the ones before. What a crash leaves is swept up.
 */
export class TileSets {
  readonly #database: TileDatabase;
  readonly #locks: Locks | undefined;
  #patience: number;

  constructor(database: TileDatabase, options: TileSetsOptions = {}) {
    this.#database = database;
    this.#locks = "locks" in options ? options.locks : globalThis.navigator?.locks;
    this.#patience = options.patience ?? PATIENCE_MS;
  }

  /** The set of this name; undefined where there is none. Throws {@link DamagedStatistics} where its head is. */
  async head<T>(name: string): Promise<Head<T> | undefined> {
    const head = (await this.#answered(this.#database.get(name))) as Head<T> | undefined;
    if (head === undefined) return undefined;
    if (head.format !== FORMAT || head.seal !== sealOf(head))
      throw new DamagedStatistics("their head");
    return head;
  }

  /** One tile of a set. Throws where it is missing or not what was written. */
  async tile<K extends Tile>(name: string, head: Head<unknown>, index: number): Promise<K> {
    const tile = (await this.#answered(
      this.#database.get(tileKey(name, head.generation, index)),
    )) as K | undefined;
    if (!ArrayBuffer.isView(tile) || checksum(tile) !== head.checksums[index]) {
      throw new DamagedStatistics(`tile ${index}`);
    }
    return tile;
  }

  /** Begins a new generation of `tiles` tiles, which counts from its `commit` on. */
  async write(name: string, tiles: number): Promise<TileWriter> {
    const generation = await this.#answered(this.#database.next("generation"));
    return new TileWriter(
      { name, generation, checksums: new Uint32Array(tiles) },
      { database: this.#database, answered: (work) => this.#answered(work) },
    );
  }

  /** Changes what a set says of itself, where it is still of this generation. */
  async describe<T>(name: string, head: Head<T>, about: T): Promise<void> {
    const value = sealed({ ...head, about });
    await this.#answered(
      this.#database.flip({
        key: name,
        drop: () => false,
        change: (current) =>
          (current as Head<T> | undefined)?.generation === head.generation ? { value } : undefined,
      }),
    );
  }

  /** Deletes a set, damaged or not. */
  async delete(name: string): Promise<void> {
    await this.#answered(
      this.#database.flip({
        key: name,
        drop: () => true,
        change: () => ({ value: undefined }),
      }),
    );
  }

  /** What was left beside a set by `leave`. */
  note(name: string): Promise<unknown> {
    return this.#answered(this.#database.get(`${name}!note`));
  }

  /** Leaves something beside a set, such as what it is made from; undefined takes it away. */
  async leave(name: string, note: unknown): Promise<void> {
    await this.#answered(
      this.#database.flip({
        key: `${name}!note`,
        drop: () => false,
        change: () => ({ value: note }),
      }),
    );
  }

  /** The names that begin so and have a head. */
  async names(prefix: string): Promise<string[]> {
    const keys = await this.#answered(this.#database.keys());
    return keys.filter((key) => key.startsWith(prefix) && !/[#!]/.test(key));
  }

  /**
   * Deletes what writes left that never came to their end. A write that is under way, here or in another tab, holds its
   * lock and is left alone; without Web Locks only what an ended write has overtaken is known to be left over.
   */
  async sweep(): Promise<void> {
    const keys = await this.#answered(this.#database.keys());
    const names = new Set(keys.filter((key) => key.includes("#")).map((key) => key.split("#")[0]));
    for (const name of names) {
      const sweep = async () => {
        let counts = -1;
        await this.#database.flip({
          key: name,
          change(value) {
            counts = (value as Head<unknown> | undefined)?.generation ?? -1;
            return { value };
          },
          drop: (key) => (this.#locks ? generationOf(key) !== counts : generationOf(key) < counts),
        });
      };
      await this.#exclusively(name, { ifAvailable: true }, sweep);
    }
  }

  /** Does work while no other tab works on this set. */
  exclusively<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    return this.#exclusively(name, {}, work);
  }

  /** Holds a set until the function that it returns is called; undefined where another tab holds it. */
  async hold(name: string): Promise<(() => void) | undefined> {
    return new Promise((resolve, reject) => {
      this.#exclusively(name, { ifAvailable: true }, () => {
        return new Promise<boolean>((release) => resolve(() => release(true)));
      }).then((held) => !held && resolve(undefined), reject);
    });
  }

  async #exclusively<T>(
    name: string,
    options: LockOptions,
    work: () => Promise<T>,
  ): Promise<T | undefined> {
    if (!this.#locks) return work();
    return await this.#locks.request(`palimpsest/${name}`, options, (lock) =>
      lock || !options.ifAvailable ? work() : undefined,
    );
  }

  async #answered<T>(work: Promise<T>): Promise<T> {
    const answer = await answeredWithin(work, this.#patience);
    this.#patience = Math.max(this.#patience, SLOW * PATIENCE_MS);
    return answer;
  }
}

/** A new generation of a set, not yet the one that counts. */
export class TileWriter {
  readonly generation: number;
  readonly #name: string;
  readonly #checksums: Uint32Array<ArrayBuffer>;
  readonly #put = new Set<number>();
  readonly #database: TileDatabase;
  readonly #answered: <T>(work: Promise<T>) => Promise<T>;

  constructor(
    what: { name: string; generation: number; checksums: Uint32Array<ArrayBuffer> },
    where: { database: TileDatabase; answered: <T>(work: Promise<T>) => Promise<T> },
  ) {
    this.generation = what.generation;
    this.#name = what.name;
    this.#checksums = what.checksums;
    this.#database = where.database;
    this.#answered = where.answered;
  }

  async put(index: number, tile: Tile): Promise<void> {
    await this.#answered(this.#database.set(tileKey(this.#name, this.generation, index), tile));
    this.#checksums[index] = checksum(tile);
    this.#put.add(index);
  }

  /**
   * Makes this the generation that counts, and deletes those before it, in one transaction.
   *
   * @param when told the head that counts until now; default: this generation is the newer one
   * @returns the new head; undefined where `when` said no, and another tab's set stays
   */
  async commit<T>(
    about: T,
    when: (current: Head<T> | undefined) => boolean = (current) =>
      (current?.generation ?? 0) < this.generation,
  ): Promise<Head<T> | undefined> {
    const { generation } = this;
    const head = sealed({ format: FORMAT, generation, checksums: this.#checksums, about, seal: 0 });
    const agreed = await this.#answered(
      this.#database.flip({
        key: this.#name,
        change: (current) => (when(current as Head<T> | undefined) ? { value: head } : undefined),
        // A later generation is another tab's, under way.
        drop: (key) => generationOf(key) < generation,
      }),
    );
    return agreed ? head : undefined;
  }

  /** The tiles that were put so far, by their place. */
  async written(): Promise<[number, Tile][]> {
    const tiles: [number, Tile][] = [];
    for (const index of this.#put) {
      const key = tileKey(this.#name, this.generation, index);
      tiles.push([index, (await this.#answered(this.#database.get(key))) as Tile]);
    }
    return tiles;
  }

  /** Gives back the space of what was written, where the database still answers. */
  async abandon(): Promise<void> {
    await this.#database.flip({
      key: this.#name,
      change: (value) => ({ value }),
      drop: (key) => generationOf(key) === this.generation,
    });
  }
}

const tileKey = (name: string, generation: number, index: number) =>
  `${name}#${generation}.${index}`;

const generationOf = (key: string) => parseInt(key.slice(key.lastIndexOf("#") + 1), 10);

function sealOf<T>({ format, generation, checksums, about }: Head<T>): number {
  const text = new TextEncoder().encode(JSON.stringify([format, generation, about]));
  return checksum(text, checksum(checksums));
}

const sealed = <T>(head: Head<T>): Head<T> => ({ ...head, seal: sealOf(head) });

async function answeredWithin<T>(work: Promise<T>, patience: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error("the database does not answer; is the page open in another tab?")),
      patience,
    );
  });
  return Promise.race([work, silence]).finally(() => clearTimeout(timer));
}
