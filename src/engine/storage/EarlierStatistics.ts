import { tileCount } from "../../kernels/covariance/SymmetricTiles.ts";
import { type About, readSet, type StoredStatistics } from "./statisticsStore.ts";
import { browserDatabase, type TileDatabase } from "./tileDatabase.ts";
import { type Head, TileSets, type TileSetsOptions } from "./TileSets.ts";

/** Statistics, or a collection of some, that an earlier version of this page kept under the name of its model's folder. */
export interface EarlierSet {
  id: string;
  /** "gpt2@local": what two models may share. */
  model: string;
  /** Absent for a collection that was not finished. */
  layer?: number | undefined;
  source?: string | undefined;
  bytes?: number | undefined;
}

const STATISTICS = "statistics/2/";
const COLLECTIONS = "collection/2/";

/** Covariance statistics that were kept before models were known by their contents. */
export class EarlierStatistics {
  readonly #sets: TileSets | undefined;

  constructor(
    database: TileDatabase | undefined = browserDatabase(),
    options: TileSetsOptions = {},
  ) {
    this.#sets = database && new TileSets(database, options);
  }

  /** All of them; nothing where the database cannot be asked. */
  async list(): Promise<EarlierSet[]> {
    const sets = this.#sets;
    if (!sets) return [];
    const named = async (prefix: string) => sets.names(prefix).catch(() => []);
    const found = await named(STATISTICS);
    const statistics = found.map(async (id): Promise<EarlierSet> => {
      const head = await sets.head<About>(id).catch(() => undefined);
      const set: EarlierSet = { id, model: modelIn(id) };
      return head ? Object.assign(set, aboutOf(head)) : set;
    });
    const collections = await named(COLLECTIONS);
    const begun = collections.map((id): EarlierSet => ({ id, model: modelIn(id) }));
    return [...(await Promise.all(statistics)), ...begun];
  }

  /**
   * The statistics of a set.
   *
   * @throws where there are none any more, or they are damaged
   */
  async take(id: string): Promise<StoredStatistics> {
    const head = await this.#sets?.head<About>(id);
    if (!head) throw new Error("these statistics are no longer kept; collect them again");
    return readSet(this.#sets!, id, head);
  }

  /** Deletes a set, damaged or not, and what was noted beside it. */
  async remove(id: string): Promise<void> {
    const sets = this.#sets;
    await sets?.exclusively(id, () => sets.delete(id));
    await sets?.leave(id, undefined);
  }
}

function aboutOf({ about }: Head<About>): Partial<EarlierSet> {
  const { layer, source, dMlp, side } = about;
  return { layer, source, bytes: tileCount(dMlp, side) * side * side * 4 };
}

/** "statistics/2/gpt2/local/3/…" is of gpt2@local. */
const modelIn = (id: string): string => id.split("/").slice(2, 4).map(decodeURIComponent).join("@");
