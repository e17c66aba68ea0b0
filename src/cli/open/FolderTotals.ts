import * as v from "valibot";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { openToRead } from "../files/openToRead.ts";
import { placeBytes, syncFile } from "../files/placedBytes.ts";
import { writeWhole } from "../files/writeWhole.ts";
import { bounds } from "../../data/outside/bounds.ts";
import { list, object, someList, whole } from "../../data/outside/kinds.ts";
import { readJson } from "../../data/outside/readJson.ts";
import { checksum } from "../../data/archive/crc32.ts";
import type { CovarianceTile } from "../../engine/Model.ts";
import {
  addInto,
  type CovarianceTotals,
  type TotalsShape,
} from "../../engine/covariance/CovarianceTotals.ts";
import { SymmetricTiles, tileCount } from "../../kernels/covariance/SymmetricTiles.ts";

const FORMAT = 1;

const head = object({
  format: v.literal(FORMAT, `${FORMAT}, the only version that is read`),
  generation: whole(),
  shape: object({
    layers: someList(whole(0, bounds.layers), bounds.layers),
    n: whole(1, bounds.dimension),
    side: whole(1, bounds.tileSide),
  }),
  checksums: list(whole(0, 2 ** 32 - 1)),
  state: v.unknown(),
});
type Head = v.InferOutput<typeof head>;

/**
 * The float64 sums of a collection in a folder, one tile in memory at a time: one file per commit with all the tiles,
 * and `head.json`, which says which of them counts and is put in place by a rename. So a process that is killed leaves
 * the commit before.
 */
export class FolderTotals implements CovarianceTotals {
  readonly durable = true;
  readonly #folder: string;
  #head: Head | undefined;
  #shape: TotalsShape | undefined;
  /** Of the commit to come. */
  #checksums: number[] = [];
  #dirty = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(): Promise<unknown> {
    if (!this.#shape) {
      const bytes = await readFile(join(this.#folder, "head.json")).catch(() => undefined);
      this.#head = bytes && headOf(bytes, this.#folder);
      this.#shape = this.#head?.shape;
    }
    return this.#head?.state;
  }

  async begin(shape: TotalsShape): Promise<void> {
    await this.clear();
    this.#shape = shape;
  }

  async add({ layer, tile, partial }: CovarianceTile): Promise<void> {
    const at = this.#indexOf(layer, tile);
    const before = this.#head && (await this.#tile(at));
    if (before) addInto(before, partial);
    const sum = before ?? Float64Array.from(partial);
    await placeBytes(this.#file(this.#next), new Uint8Array(sum.buffer), {
      at: at * sum.byteLength,
      fresh: !this.#dirty,
    });
    this.#dirty = true;
    this.#checksums[at] = checksum(sum);
  }

  async commit(state: unknown): Promise<void> {
    const before = this.#head;
    const kept = !this.#dirty;
    const generation = kept ? (before?.generation ?? 0) : this.#next;
    const checksums = kept ? (before?.checksums ?? []) : this.#checksums;
    this.#head = {
      format: FORMAT,
      generation,
      shape: { ...this.#shape!, layers: [...this.#shape!.layers] },
      checksums,
      state,
    };
    // The sums are on the disk before the head says that they are.
    if (!kept) await syncFile(this.#file(generation));
    await writeWhole(join(this.#folder, "head.json"), JSON.stringify(this.#head));
    if (before && !kept) await rm(this.#file(before.generation), { force: true });
    this.#checksums = [];
    this.#dirty = false;
  }

  async sum(layer: number): Promise<SymmetricTiles> {
    const { n, side } = this.#shape!;
    const tiles: Float32Array<ArrayBuffer>[] = [];
    for (let tile = 0; tile < tileCount(n, side); tile++) {
      tiles.push(Float32Array.from(await this.#tile(this.#indexOf(layer, tile))));
    }
    return new SymmetricTiles(n, side, tiles);
  }

  /** Forgets the collection, with its files. */
  async clear(): Promise<void> {
    await this.read();
    const generation = this.#head?.generation ?? 0;
    for (const file of ["head.json", "head.json.new"]) {
      await rm(join(this.#folder, file), { force: true });
    }
    for (const old of [generation, generation + 1]) await rm(this.#file(old), { force: true });
    this.#head = this.#shape = undefined;
    this.#checksums = [];
    this.#dirty = false;
  }

  get #next(): number {
    return (this.#head?.generation ?? 0) + 1;
  }

  #file(generation: number): string {
    return join(this.#folder, `sums.${generation}.f64`);
  }

  #indexOf(layer: number, tile: number): number {
    const { layers, n, side } = this.#shape!;
    return layers.indexOf(layer) * tileCount(n, side) + tile;
  }

  async #tile(at: number): Promise<Float64Array<ArrayBuffer>> {
    const { shape, generation, checksums } = this.#head!;
    const tile = new Float64Array(shape.side ** 2);
    const file = await openToRead(this.#file(generation));
    try {
      await file.read(new Uint8Array(tile.buffer), 0, tile.byteLength, at * tile.byteLength);
    } finally {
      await file.close();
    }
    if (checksum(tile) === checksums[at]) return tile;
    throw new Error(
      `the checkpoint in ${this.#folder} is damaged: tile ${at} is not what was written; delete the folder and collect again`,
    );
  }
}

function headOf(bytes: Uint8Array, folder: string): Head {
  const path = join(folder, "head.json");
  try {
    return readJson(bytes, head, path);
  } catch (error) {
    throw new Error(`${(error as Error).message}; delete the folder and collect again`, {
      cause: error,
    });
  }
}
