import {
  StatisticsStore,
  type StatisticsKey,
} from "../../../src/engine/storage/statisticsStore.ts";
import type { StoredTotals } from "../../../src/engine/storage/StoredTotals.ts";
import { browserDatabase } from "../../../src/engine/storage/tileDatabase.ts";
import { SymmetricTiles } from "../../../src/kernels/covariance/SymmetricTiles.ts";

/** What the page that is to be killed lets the test do. */
export interface Profile {
  profile: {
    /** Keeps a matrix of this value, and another once; resolves when it is finished. */
    save(value: number): Promise<void>;
    /** Writes the next matrix and commits of a collection until the kill; answers after `wait` milliseconds. */
    write(value: number, wait: number): Promise<{ done: boolean; committed: number }>;
    /** The matrix's value; whether all of it is, and the other one is what it was. */
    finished(): Promise<{ value: number; whole: boolean; other: boolean }>;
    /** How many commits the collection's sums hold, and whether all of them agree. */
    collection(): Promise<{ commits: number; whole: boolean }>;
    /** How many tiles, after sweeping, belong to nothing that counts. */
    stray(): Promise<number>;
  };
}

const n = 2600; // 66 tiles, 17 MB
const shape = { layers: [1], n: 700, side: 256 };
const model = { stamp: "killed", precision: "f32" };
const key: StatisticsKey = {
  ...model,
  layer: 3,
  corpus: "test",
  dtype: "float32",
};
const about = { layer: 3, dMlp: n, source: "test" };

/** Every tile of it is different, so that one of another matrix is seen. */
function matrix(value: number): SymmetricTiles {
  const sum = new SymmetricTiles(n);
  sum.tiles.forEach((tile, t) => tile.fill(1000 * value + t));
  return sum;
}

const isMatrix = (sum: SymmetricTiles | undefined, value: number) =>
  sum?.tiles.every((tile, t) => tile.every((x) => x === 1000 * value + t)) ?? false;

const store = new StatisticsStore();

async function commit(totals: StoredTotals, commits: number) {
  for (let tile = 0; tile < 6; tile++) {
    await totals.add({ layer: 1, tile, partial: new Float64Array(256 * 256).fill(1) });
  }
  await totals.commit({ commits });
}

(window as unknown as Profile).profile = {
  async save(value) {
    const other = { ...key, layer: 4 };
    await store.save(other, { ...about, layer: 4, count: 1, sum: matrix(500) });
    await store.save(key, { ...about, count: value, sum: matrix(value) });
    const totals = (await store.collection(model))!;
    await totals.begin(shape);
    await commit(totals, 1);
    totals.close();
  },

  async write(value, wait) {
    let [done, committed] = [false, 0];
    const saving = store.save(key, { ...about, count: value, sum: matrix(value) });
    void saving.then((problem) => (done = problem === undefined));
    const collecting = async () => {
      const totals = (await store.collection(model))!;
      const state = (await totals.read()) as { commits: number };
      for (let commits = state.commits + 1; ; commits++) {
        await commit(totals, commits);
        committed = commits;
      }
    };
    void collecting();
    await new Promise((resolve) => setTimeout(resolve, wait));
    return { done, committed };
  },

  async finished() {
    const [found, other] = [await store.load(key), await store.load({ ...key, layer: 4 })];
    const value = found?.count ?? NaN;
    return { value, whole: isMatrix(found?.sum, value), other: isMatrix(other?.sum, 500) };
  },

  async collection() {
    const totals = (await store.collection(model))!;
    const { commits } = (await totals.read()) as { commits: number };
    const { tiles } = await totals.sum(1);
    totals.close();
    return { commits, whole: tiles.every((tile) => tile.every((x) => x === commits)) };
  },

  async stray() {
    await store.sweep();
    const database = browserDatabase()!;
    const keys = await database.keys();
    const heads = new Map<string, number>();
    for (const name of keys.filter((key) => key.includes("/") && !key.includes("#"))) {
      heads.set(name, ((await database.get(name)) as { generation: number }).generation);
    }
    const tiles = keys.filter((key) => key.includes("#"));
    return tiles.filter((tile) => {
      const [name, place] = tile.split("#");
      return heads.get(name) !== parseInt(place, 10);
    }).length;
  },
};
