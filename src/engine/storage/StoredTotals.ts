import { SymmetricTiles, tileCount } from "../../kernels/covariance/SymmetricTiles.ts";
import type { CovarianceTile } from "../covariance/KeyCovariances.ts";
import {
  addInto,
  type CovarianceTotals,
  type TotalsShape,
} from "../covariance/CovarianceTotals.ts";
import type { Head, TileSets, TileWriter } from "./TileSets.ts";
import { whyUnkept } from "./unkept.ts";

interface About {
  shape: TotalsShape;
  state: unknown;
}

type Tile = Float64Array<ArrayBuffer>;

/**
 * The float64 sums of a collection in the browser's database, one tile in memory at a time. Every commit writes a new
 * generation of them. Where the database takes no more, the sums go on in memory, the last commit stays for a later
 * visit, and `problem` says so. `close` it, so that another tab may go on.
 */
export class StoredTotals implements CovarianceTotals {
  readonly durable = true;
  /** Why what is collected now will not outlive the page, where that is so. */
  problem: string | undefined;
  readonly #sets: TileSets;
  readonly #name: string;
  readonly #release: () => void;
  #shape: TotalsShape | undefined;
  #state: unknown;
  /** The generation that counts, on disk. */
  #head: Head<About> | undefined;
  #writer: TileWriter | undefined;
  /** Tiles that the database did not take, and since then all that were added. */
  readonly #memory = new Map<number, Tile>();

  /** Throws when another tab has it open. */
  static async open(sets: TileSets, name: string): Promise<StoredTotals> {
    const release = await sets.hold(name);
    if (!release) {
      throw new Error("another tab collects statistics of this model; pause it there first");
    }
    return new StoredTotals(sets, name, release);
  }

  private constructor(sets: TileSets, name: string, release: () => void) {
    this.#sets = sets;
    this.#name = name;
    this.#release = release;
  }

  async read(): Promise<unknown> {
    if (this.#shape) return this.#state;
    this.#head = await this.#sets.head<About>(this.#name);
    this.#shape = this.#head?.about.shape;
    return (this.#state = this.#head?.about.state);
  }

  async begin(shape: TotalsShape): Promise<void> {
    await this.#forget();
    this.#shape = shape;
  }

  async add({ layer, tile, partial }: CovarianceTile): Promise<void> {
    const at = this.#indexOf(layer, tile);
    const before = await this.#tile(at);
    if (before) addInto(before, partial);
    const sum = before ?? Float64Array.from(partial);
    if (this.problem) {
      this.#memory.set(at, sum);
      return;
    }
    try {
      this.#writer ??= await this.#sets.write(this.#name, this.#count);
      await this.#writer.put(at, sum);
    } catch (error) {
      await this.#giveUp(error as Error, { at, sum });
    }
  }

  async commit(state: unknown): Promise<void> {
    const about = { shape: this.#shape!, state };
    this.#state = state;
    if (this.problem) return;
    if (!this.#writer) {
      if (this.#head) await this.#sets.describe(this.#name, this.#head, about);
      return;
    }
    const base = this.#head?.generation;
    const head = await this.#writer.commit(about, (current) => current?.generation === base);
    this.#writer = undefined;
    if (!head) throw new Error("another tab has gone on with this collection; go on there");
    this.#head = head;
  }

  async sum(layer: number): Promise<SymmetricTiles> {
    const { n, side } = this.#shape!;
    const tiles: Float32Array<ArrayBuffer>[] = [];
    for (let tile = 0; tile < tileCount(n, side); tile++) {
      tiles.push(Float32Array.from((await this.#tile(this.#indexOf(layer, tile))) ?? []));
    }
    return new SymmetricTiles(n, side, tiles);
  }

  /** What the collection is made from, for a later visit to go on with; false where it cannot be kept. */
  async remember(order: unknown): Promise<boolean> {
    try {
      await this.#sets.leave(this.#name, order);
      return true;
    } catch {
      return false;
    }
  }

  /** What was given to `remember`, now or on an earlier visit. */
  remembered(): Promise<unknown> {
    return this.#sets.note(this.#name);
  }

  /** Forgets the collection and what it is made from, in the database too. */
  async clear(): Promise<void> {
    await this.#forget();
    await this.#sets.leave(this.#name, undefined);
  }

  async #forget(): Promise<void> {
    await this.#sets.delete(this.#name);
    this.#head = this.#writer = this.#shape = this.#state = this.problem = undefined;
    this.#memory.clear();
  }

  /** Lets another tab have the collection. */
  close(): void {
    this.#release();
  }

  get #count(): number {
    const { layers, n, side } = this.#shape!;
    return layers.length * tileCount(n, side);
  }

  #indexOf(layer: number, tile: number): number {
    const { layers, n, side } = this.#shape!;
    return layers.indexOf(layer) * tileCount(n, side) + tile;
  }

  /** A tile's sum up to now; a new array, or one that is this object's own to change. */
  async #tile(at: number): Promise<Tile | undefined> {
    const held = this.#memory.get(at);
    if (held || !this.#head) return held;
    return this.#sets.tile<Tile>(this.#name, this.#head, at);
  }

  /** Goes on in memory: the tiles of this commit that the database has already are taken back. */
  async #giveUp(error: Error, last: { at: number; sum: Tile }): Promise<void> {
    this.problem = `the collection goes on in memory only, until the page closes (${whyUnkept(error)}); free some space, or use what is collected before closing the page`;
    for (const [at, tile] of await (this.#writer?.written() ?? Promise.resolve([]))) {
      this.#memory.set(at, tile as Tile);
    }
    this.#memory.set(last.at, last.sum);
    await this.#writer?.abandon().catch(() => undefined);
    this.#writer = undefined;
  }
}
