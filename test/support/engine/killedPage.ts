import { KeptParts } from "../../../src/engine/files/download/KeptParts.ts";
import { browserStore } from "../../../src/engine/files/download/browserStore.ts";
import { digestOf } from "../../../src/engine/files/download/FileHash.ts";
import { IndexedRows } from "../../../src/engine/storage/IndexedRows.ts";
import { StackStore } from "../../../src/engine/storage/StackStore.ts";
import {
  StatisticsStore,
  type StatisticsKey,
} from "../../../src/engine/storage/statisticsStore.ts";
import { browserDatabase } from "../../../src/engine/storage/tileDatabase.ts";
import { VectorShelf } from "../../../src/engine/storage/VectorShelf.ts";
import { SymmetricTiles } from "../../../src/kernels/covariance/SymmetricTiles.ts";

/** What the page that is to be killed lets the test do. */
export interface Profile {
  profile: {
    kinds: string[];
    /** Writes of every kind at once, each after the last that is there, until the kill; answers after `wait` milliseconds. */
    write(wait: number, last: Record<string, number>): Promise<Record<string, Written>>;
    /** What is there after a kill, by kind: the last number that is whole, and what is wrong, in sentences. */
    check(): Promise<Record<string, { last: number; faults: string[] }>>;
    /** Keeps an edit of so many bytes in this tab's stack; what became of it. */
    keep(id: string, bytes: number): Promise<{ places: string[]; trouble: string | null }>;
    /** Keeps a found state of so many bytes; why it will not outlive the page. */
    state(name: string, bytes: number): Promise<{ trouble: string | undefined; there: boolean }>;
    /** Keeps a matrix of this order; why it will not outlive the page. */
    matrix(n: number): Promise<{ trouble: string | undefined; there: boolean }>;
  };
}

/** The writes of a kind: the last that ended, and the last that was begun. */
export interface Written {
  ended: number;
  begun: number;
}

interface Kind {
  /** Writes what has this number, in the place of or beside those before. */
  write(n: number): Promise<unknown>;
  /** The last number that is wholly there, 0 for none; says what is wrong. */
  last(fault: (sentence: string) => void): Promise<number>;
}

const model = { stamp: "killed", precision: "f32" };
const key: StatisticsKey = { ...model, layer: 3, corpus: "test", dtype: "float32" };
const filled = (n: number, bytes: number) => new Uint8Array(bytes).fill(n % 251);
/** Bytes that no database makes smaller. */
function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += 2 ** 16) crypto.getRandomValues(bytes.subarray(i, i + 2 ** 16));
  return bytes;
}
const isFilled = (bytes: Uint8Array | undefined, n: number, length: number) =>
  bytes?.length === length && bytes.every((x) => x === n % 251);

/** Every tile of it is different, so that one of another matrix is seen. */
function matrix(value: number, n: number): SymmetricTiles {
  const sum = new SymmetricTiles(n);
  sum.tiles.forEach((tile, t) => tile.fill(1000 * value + t));
  return sum;
}

const order = 1300;
const about = { layer: 3, dMlp: order, source: "test" };
const store = new StatisticsStore();

/** One matrix, written anew each time. */
const statistics: Kind = {
  async write(n) {
    const trouble = await store.save(key, { ...about, count: n, sum: matrix(n, order) });
    if (trouble) throw new Error(trouble);
  },
  async last(fault) {
    await store.sweep();
    const found = await store.load(key);
    if (!found) return 0;
    const whole = found.sum.tiles.every((tile, t) =>
      tile.every((x) => x === 1000 * found.count + t),
    );
    if (!whole) fault(`matrix ${found.count} is mixed`);
    if ((await stray()) > 0) fault("tiles of no set are left");
    return found.count;
  },
};

/** How many tiles, after sweeping, belong to nothing that counts. */
async function stray(): Promise<number> {
  const database = browserDatabase()!;
  const keys = await database.keys();
  const heads = new Map<string, number>();
  for (const name of keys.filter((each) => each.includes("/") && !each.includes("#"))) {
    heads.set(name, ((await database.get(name)) as { generation: number }).generation);
  }
  return keys.filter((each) => {
    const [name, place] = each.split("#");
    return place !== undefined && heads.get(name) !== parseInt(place, 10);
  }).length;
}

const shape = { layers: [1], n: 700, side: 256 };

/** The sums of one collection, to which each commit adds one. */
const collection: Kind = {
  async write(n) {
    const totals = (await store.collection(model))!;
    try {
      if ((await totals.read()) === undefined) await totals.begin(shape);
      for (let tile = 0; tile < 6; tile++) {
        await totals.add({ layer: 1, tile, partial: new Float64Array(256 * 256).fill(1) });
      }
      await totals.commit({ commits: n });
      if (totals.problem) throw new Error(totals.problem);
    } finally {
      totals.close();
    }
  },
  async last(fault) {
    const totals = (await store.collection(model))!;
    try {
      const state = (await totals.read()) as { commits: number } | undefined;
      if (!state) return 0;
      const { tiles } = await totals.sum(1);
      if (!tiles.every((tile) => tile.every((x) => x === state.commits)))
        fault(`the sums are not those of commit ${state.commits}`);
      return state.commits;
    } finally {
      totals.close();
    }
  },
};

const stacks = new StackStore();
const EDIT = 50_000;
const place = (id: string) => ({ id, on: true, truth: "" });

/** A stack of three edits, of which the oldest goes and a new one comes. */
const edits: Kind = {
  async write(n) {
    const mine = [n - 2, n - 1, n].filter((i) => i > 0).map((i) => place(String(i)));
    const told = (await stacks.places(model.stamp)) ?? [];
    const bytes = (id: string) => filled(Number(id), EDIT);
    const { trouble } = await stacks.keep(model.stamp, { told, mine, bytes });
    if (trouble) throw new Error(trouble);
  },
  async last(fault) {
    const places = (await stacks.places(model.stamp)) ?? [];
    for (const { id } of places) {
      const bytes = (await stacks.edit(model.stamp, id)) as Uint8Array | undefined;
      if (!isFilled(bytes, Number(id), EDIT)) fault(`edit ${id} is named and not whole`);
    }
    const [last = 0] = places.map(({ id }) => Number(id)).sort((a, b) => b - a);
    if (places.length !== Math.min(3, last)) fault(`${places.length} edits at ${last}`);
    return last;
  },
};

const shelf = new VectorShelf();
const WIDTH = 4096;

/** Found states, each under its own name. */
const states: Kind = {
  async write(n) {
    await shelf.set(String(n), new Float32Array(WIDTH).fill(n));
    if (shelf.trouble) throw new Error(shelf.trouble);
  },
  async last(fault) {
    const { vectors, bytes } = await shelf.size();
    if (bytes !== vectors * 4 * WIDTH) fault(`${vectors} states say that they have ${bytes} bytes`);
    for (let n = 1; n <= vectors; n++) {
      const found = await shelf.get(String(n));
      if (!found || found.length !== WIDTH || found.some((x) => x !== n))
        fault(`state ${n} is not whole`);
    }
    return vectors;
  },
};

const study = new IndexedRows("killed");
const TEXT = 2_000;

/** The rows of a study, two at a time. */
const rows: Kind = {
  write: (n) =>
    study.append(["a", "b"].map((half) => ({ key: `${n}${half}`, text: `${n} `.repeat(TEXT) }))),
  async last(fault) {
    const found = await study.read();
    const wrong = found.filter(({ key, text }) => text !== `${parseInt(key, 10)} `.repeat(TEXT));
    if (wrong.length) fault(`row ${wrong[0].key} is not whole`);
    if (found.length % 2) fault("half of an append is there");
    return found.length / 2;
  },
};

const base = "https://killed.invalid/model/";
const PART = 2 ** 18;
const version = { base, path: "model.safetensors", stamp: "1", partSize: PART };

/** The parts of a model's file, and the record that names them. */
const models: Kind = {
  async write(n) {
    let trouble: string | undefined;
    const kept = await KeptParts.open(browserStore(), base, (sentence) => (trouble = sentence));
    const bytes = filled(n, PART);
    await kept.put(version, n - 1, { digest: await digestOf(bytes), bytes });
    const files = { "model.safetensors": { size: 2 ** 40, stamp: "1" } };
    const named = { format: 2, name: "killed", revision: "", base } as const;
    await kept.setRecord({ ...named, files, wanted: ["model.safetensors"], usedAt: n });
    if (trouble) throw new Error(trouble);
  },
  async last(fault) {
    const kept = await KeptParts.open(browserStore(), base);
    const there = [...kept.digests(version).keys()];
    for (const index of there) {
      const bytes = await kept.get(version, index);
      // A part that is not what its name says is thrown away, and fetched again.
      if (bytes && !isFilled(bytes, index + 1, PART)) fault(`part ${index + 1} has other bytes`);
    }
    const record = await kept.record(base, "");
    const left = kept.digests(version).size;
    // It is written after its part: two kills in a row may leave it two parts behind, but never in part or gone.
    if (!record && left > 2) fault("the record is gone, or in part");
    return left;
  },
};

const kinds: Record<string, Kind> = { statistics, collection, edits, states, rows, models };

const pause = (milliseconds: number) => new Promise((wake) => setTimeout(wake, milliseconds));

(window as unknown as Profile).profile = {
  kinds: Object.keys(kinds),

  async write(wait, last) {
    const written: Record<string, Written> = {};
    for (const [name, kind] of Object.entries(kinds)) {
      const n = last[name] ?? 0;
      written[name] = { ended: n, begun: n };
      void (async () => {
        for (let n = written[name].ended + 1; ; n++) {
          written[name].begun = n;
          await kind.write(n);
          written[name].ended = n;
        }
      })();
    }
    await pause(wait);
    return written;
  },

  async check() {
    const found: Record<string, { last: number; faults: string[] }> = {};
    for (const [name, kind] of Object.entries(kinds)) {
      const faults: string[] = [];
      found[name] = { last: await kind.last((sentence) => faults.push(sentence)), faults };
    }
    return found;
  },

  async keep(id, bytes) {
    const mine = [place(id)];
    const edit = () => noise(bytes);
    const { places, trouble } = await stacks.keep("tabs", { told: [], mine, bytes: edit });
    return { places: places.map((each) => each.id), trouble };
  },

  async state(name, bytes) {
    await shelf.set(name, new Float32Array(noise(bytes).buffer));
    return { trouble: shelf.trouble, there: (await shelf.get(name)) !== undefined };
  },

  async matrix(n) {
    const large = { ...key, layer: 9 };
    const sum = new SymmetricTiles(n);
    for (const tile of sum.tiles) tile.set(new Float32Array(noise(tile.byteLength).buffer));
    const saved = { layer: 9, dMlp: n, source: "test", count: 1, sum };
    const trouble = await store.save(large, saved);
    return { trouble, there: (await store.load(large)) !== undefined };
  },
};
