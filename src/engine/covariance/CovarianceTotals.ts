import type { CovarianceTile } from "./KeyCovariances.ts";
import { SymmetricTiles, tileCount } from "../../kernels/covariance/SymmetricTiles.ts";

/** The matrices that {@link CovarianceTotals} hold: one [n, n] a layer, in tiles of this side. */
export interface TotalsShape {
  layers: readonly number[];
  n: number;
  side: number;
}

/**
 * Where the float64 sums of a collection lie, with how far it is. What is not committed yet is, after a crash, as if it
 * had never been added.
 */
export interface CovarianceTotals {
  /** Whether a commit outlives the process, so that commits now and then are worth their time. */
  readonly durable: boolean;
  /** What was committed last, now or in an earlier process; undefined for a new collection. */
  read(): Promise<unknown>;
  /** Forgets what is there and starts from zero. */
  begin(shape: TotalsShape): Promise<void>;
  /** Adds to one tile; a float64 partial sum may be kept as it is. */
  add(tile: CovarianceTile): void | Promise<void>;
  /** Makes all that was added, and the state, what `read` and `sum` answer: all of it or nothing. */
  commit(state: unknown): Promise<void>;
  /** A layer's committed sum, rounded to float32. */
  sum(layer: number): Promise<SymmetricTiles>;
}

/** Totals that live as long as this object does. */
export class MemoryTotals implements CovarianceTotals {
  readonly durable = false;
  #shape: TotalsShape | undefined;
  #tiles = new Map<number, Float64Array<ArrayBuffer>[]>();
  #state: unknown;

  read(): Promise<unknown> {
    return Promise.resolve(this.#state);
  }

  begin(shape: TotalsShape): Promise<void> {
    this.#shape = shape;
    this.#tiles = new Map(shape.layers.map((layer) => [layer, []]));
    this.#state = undefined;
    return Promise.resolve();
  }

  add({ layer, tile, partial }: CovarianceTile): void {
    const tiles = this.#tiles.get(layer)!;
    const sum = tiles[tile];
    if (sum) addInto(sum, partial);
    else tiles[tile] = partial instanceof Float64Array ? partial : Float64Array.from(partial);
  }

  commit(state: unknown): Promise<void> {
    this.#state = state;
    return Promise.resolve();
  }

  sum(layer: number): Promise<SymmetricTiles> {
    const { n, side } = this.#shape!;
    const tiles = this.#tiles.get(layer)!;
    const rounded = Array.from({ length: tileCount(n, side) }, (_, i) =>
      tiles[i] ? Float32Array.from(tiles[i]) : new Float32Array(side * side),
    );
    return Promise.resolve(new SymmetricTiles(n, side, rounded));
  }
}

/** sum += partial. */
export function addInto(sum: Float64Array, partial: ArrayLike<number>): void {
  for (let i = 0; i < sum.length; i++) sum[i] += partial[i];
}
