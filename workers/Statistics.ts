import { blobSource } from "../src/data/archive/npzStream.ts";
import { parseTexts, readTexts } from "../src/data/facts/texts.ts";
import { type ModelIdentity, otherNumbers } from "../src/data/identity/ModelIdentity.ts";
import type { ModelConfig } from "../src/engine/architecture/config.ts";
import { fetchText } from "../src/engine/files/fetchText.ts";
import type { Model } from "../src/engine/Model.ts";
import type { ModelFiles } from "../src/engine/files/ModelFiles.ts";
import {
  type StatisticsKey,
  statisticsKey,
  StatisticsStore,
} from "../src/engine/storage/statisticsStore.ts";
import type { StoredTotals } from "../src/engine/storage/StoredTotals.ts";
import { urlSource } from "../src/engine/files/urlSource.ts";
import {
  keyModule,
  shippedPath,
  shippedStatistics,
} from "../src/methods/statistics/shippedStatistics.ts";
import {
  collected,
  collectionOf,
  collectStatistics,
  type LayerStatistics,
} from "../src/methods/statistics/statistics.ts";
import { readStatistics, statisticsPieces } from "../src/methods/statistics/statisticsFile.ts";
import { statisticsLayer } from "../src/methods/statistics/statisticsLayer.ts";
import { statisticsSpectrum } from "../src/methods/statistics/statisticsSpectrum.ts";
import type * as View from "./protocol/protocol.ts";
import type { Queue } from "./Queue.ts";

type Report = (done: number, total: number, stage: string) => void;

/** What the Lab lends: its queue of jobs, and the model that is open. */
export interface StatisticsHost {
  queue: Queue;
  config(): ModelConfig;
  identity(): ModelIdentity;
  /** Without edits. */
  model(): Model;
  files(): ModelFiles | undefined;
  /** What is kept of the open model has changed. */
  changed?(): void;
}

/** The statistics of one layer that edits use, and where they are kept; neither where the model ships them. */
interface AtHand {
  statistics: LayerStatistics;
  key?: StatisticsKey;
}

/** The worker's covariance statistics: collecting, importing, keeping, and which are in use. */
export class Statistics {
  readonly #host: StatisticsHost;
  readonly #store: StatisticsStore;
  #swept: Promise<void> | undefined;
  #atHand = new Map<number, AtHand>();
  #notice: string | undefined;

  /** @param store where statistics are kept; by default the browser's database */
  constructor(host: StatisticsHost, store = new StatisticsStore()) {
    this.#host = host;
    this.#store = store;
  }

  /** Everything that is kept for this model, and the collection that was begun. It waits for no other job. */
  overview(): Promise<View.StatisticsOverview> {
    return this.#overview();
  }

  /**
   * Takes statistics of a layer, an .npz in the authors' form, from a file or an address. Those that say that they are of
   * another model are not taken, and the overview asks about them, unless `another` says yes.
   */
  add(
    id: number,
    { from, layer, date, another = false }: View.AddOrder,
    report: Report,
  ): Promise<View.StatisticsOverview> {
    const name = typeof from === "string" ? (from.split("/").at(-1) ?? from) : from.name;
    return this.#host.queue.runReporting(id, `reading ${name}`, report, async (signal) => {
      const config = this.#host.config();
      const { dMlp, layers } = config;
      // Said before gigabytes are read.
      if (layer !== undefined) statisticsLayer({ what: name }, { layer, layers });
      const onBytes = (done: number, total: number) => report(done, total, `fetching ${name}`);
      const source =
        typeof from === "string"
          ? await urlSource(from, { signal, onProgress: onBytes })
          : blobSource(from);
      const statistics = await readStatistics(
        source,
        { layer, layers, module: (of) => keyModule(config, of), dMlp, source: name, what: name },
        { signal, onProgress: (rows, total) => report(rows, total, `reading ${name}`) },
      );
      const differs = statistics.model && otherNumbers(statistics.model, this.#host.identity());
      if (differs && !another)
        return { ...(await this.#overview()), question: `${name}: ${differs}` };
      if (differs) statistics.source = `${name}, of ${statistics.model!.id} (another model)`;
      report(1, 1, `keeping layer ${statistics.layer}`);
      await this.#keep([statistics], { date });
      return this.#overview();
    });
  }

  /** Collects statistics of layers over a text; pausing it is cancelling the job. */
  collect(
    id: number,
    order: View.CollectOrder,
    report: (progress: View.CollectProgress | null, stage: string) => void,
  ): Promise<View.StatisticsOverview> {
    return this.#host.queue.runReporting(id, "collecting statistics", report, async (signal) => {
      const model = this.#host.model();
      report(null, "reading the text");
      const texts = await textsOf(order, signal);
      const kept = await this.#store.collection(model.identity);
      try {
        const { date, ...rest } = order;
        await kept?.remember(rest);
        const found = await collectStatistics(model, texts, {
          layers: order.layers,
          source: sourceOf(order.text),
          signal,
          samples: order.samples,
          tokens: order.tokens,
          totals: kept,
          now: () => performance.now(),
          onProgress: (progress) => report(progress, "collecting"),
          onNotice: (sentence) => (this.#notice = sentence),
        });
        if (kept?.problem) this.#notice = kept.problem;
        report(null, "keeping the statistics, and measuring their condition");
        const all = await this.#keep(found, { date, tokens: order.tokens });
        if (all) await kept?.clear();
      } finally {
        kept?.close();
      }
      return this.#overview();
    });
  }

  /** Takes what a paused collection has summed so far as statistics; it can still go on. */
  takeCollected(id: number, date: number): Promise<View.StatisticsOverview> {
    return this.#withCollection(id, async (totals) => {
      const found = await collected(totals);
      if (!found) throw new Error("nothing is collected yet; let the collection go on");
      await this.#keep(found, { date, tokens: found[0].count });
    });
  }

  /** Forgets the collection that was begun. */
  dropCollection(id: number): Promise<View.StatisticsOverview> {
    return this.#withCollection(id, (totals) => totals.clear());
  }

  /** Uses kept statistics for the edits of their layer. */
  use(id: number, key: StatisticsKey, date: number): Promise<View.StatisticsOverview> {
    return this.#host.queue.run(id, "loading statistics", async () => {
      await this.#load(key);
      await this.#store.note(key, { date });
      return this.#overview();
    });
  }

  /** Measures the effective rank and the condition number of kept statistics. */
  measure(id: number, key: StatisticsKey): Promise<View.StatisticsOverview> {
    return this.#host.queue.run(id, "measuring statistics", async () => {
      const statistics = await this.#store.load(key);
      if (statistics) await this.#measure(key, statistics, true);
      return this.#overview();
    });
  }

  /** Deletes kept statistics. */
  remove(id: number, key: StatisticsKey): Promise<View.StatisticsOverview> {
    return this.#host.queue.run(id, "deleting statistics", async () => {
      await this.#store.delete(key);
      this.#host.changed?.();
      const held = this.#atHand.get(key.layer);
      if (held?.key && same(held.key, key)) this.#atHand.delete(key.layer);
      return this.#overview();
    });
  }

  /** Kept statistics as a file in the authors' form. */
  file(id: number, key: StatisticsKey): Promise<{ name: string; blob: Blob }> {
    return this.#host.queue.run(id, "writing statistics", async () => {
      const statistics = await this.#store.load(key);
      if (!statistics) throw new Error("these statistics are no longer kept; collect them again");
      // Blobs of a megabyte or so, which the browser may put away on disk.
      const blobs: Blob[] = [];
      let [waiting, length]: [BlobPart[], number] = [[], 0];
      for (const piece of statisticsPieces(statistics)) {
        waiting.push(piece as Uint8Array<ArrayBuffer>);
        length += piece.length;
        if (length < 2 ** 20) continue;
        blobs.push(new Blob(waiting));
        [waiting, length] = [[], 0];
      }
      const blob = new Blob([...blobs, ...waiting], { type: "application/octet-stream" });
      return { name: this.#nameOf(statistics), blob };
    });
  }

  #nameOf({ layer, sampleSize }: Pick<LayerStatistics, "layer" | "sampleSize">): string {
    const size = sampleSize === undefined ? "" : `_${sampleSize}`;
    return `${keyModule(this.#host.config(), layer)}_float32_mom2${size}.npz`;
  }

  /** What the file of a layer's statistics at hand is called; undefined for those that the model ships. */
  fileOf(layer: number): string | undefined {
    const held = this.#atHand.get(layer);
    return held?.key && this.#nameOf(held.statistics);
  }

  /** What is at hand, for the Lab to tell of. */
  view(): View.StatisticsView[] {
    return [...this.#atHand.values()].map(({ statistics: { layer, source, count } }) => ({
      layer,
      source,
      count,
    }));
  }

  /** Another model is open: its statistics are others. */
  reset(): void {
    this.#atHand = new Map();
    this.#notice = undefined;
  }

  /**
   * The covariance of a layer: what is in use, or kept last, or what the model ships; undefined where there is none.
   *
   * @throws a sentence where what is kept is damaged
   */
  async of(layer: number): Promise<LayerStatistics | undefined> {
    const known = this.#atHand.get(layer);
    if (known) return known.statistics;
    const newest = (await this.#kept()).find((kept) => this.#fits(kept, layer));
    if (newest) return this.#load(newest.key);
    const files = this.#host.files();
    const [shipped] = files ? await shippedStatistics(files, this.#open(), layer) : [];
    if (shipped) this.#atHand.set(layer, { statistics: shipped });
    return shipped;
  }

  /** Keeps statistics of the open model, from elsewhere in the worker, and uses them. */
  async take(statistics: LayerStatistics, date: number): Promise<void> {
    await this.#keep([statistics], { date });
  }

  /** Whether there are statistics of a layer, without loading them. */
  async has(layer: number): Promise<boolean> {
    const config = this.#host.config();
    if (this.#atHand.has(layer)) return true;
    if ((await this.#kept()).some((kept) => this.#fits(kept, layer))) return true;
    const files = this.#host.files();
    return files !== undefined && (await shippedPath(files, config, layer)) !== undefined;
  }

  async #overview(): Promise<View.StatisticsOverview> {
    const { precision } = this.#host.identity();
    const kept = await this.#kept();
    const collection = await this.#collection();
    const notice = this.#notice;
    this.#notice = undefined;
    return {
      kept: kept.map((entry) => {
        const used = this.#atHand.get(entry.layer);
        const newest = kept.find((other) => this.#fits(other, entry.layer));
        const inUse = used ? used.key !== undefined && same(used.key, entry.key) : newest === entry;
        const otherPrecision = entry.key.precision === precision ? undefined : entry.key.precision;
        return { ...entry, inUse, otherPrecision };
      }),
      atHand: this.view(),
      collection,
      notice,
    };
  }

  /** What tells which statistics are the open model's. */
  #open() {
    return { config: this.#host.config(), identity: this.#host.identity() };
  }

  async #kept() {
    await (this.#swept ??= this.#store.sweep());
    return this.#store.list(this.#host.identity());
  }

  /** Whether kept statistics are of a layer in the precision of the open model, and so used unasked. */
  #fits({ layer, key }: Pick<View.KeptView, "layer" | "key">, wanted: number): boolean {
    return layer === wanted && key.precision === this.#host.identity().precision;
  }

  /** What another visit began; nothing while another tab is at it. */
  async #collection(): Promise<View.CollectionView | undefined> {
    const totals = await this.#store.collection(this.#host.identity()).catch(() => undefined);
    if (!totals) return undefined;
    try {
      const begun = await collectionOf(totals);
      const order = begun && ((await totals.remembered()) as View.CollectionView["order"]);
      return begun && { ...begun, order };
    } catch (error) {
      this.#notice = (error as Error).message;
      return undefined;
    } finally {
      totals.close();
    }
  }

  async #withCollection(id: number, work: (totals: StoredTotals) => Promise<void>) {
    return this.#host.queue.run(id, "reading the collection", async () => {
      const totals = await this.#store.collection(this.#host.identity());
      if (!totals) throw new Error("this browser keeps nothing, so there is no collection");
      try {
        await work(totals);
      } finally {
        totals.close();
      }
      return this.#overview();
    });
  }

  /** Keeps and uses statistics; false where some will not outlive the page. */
  async #keep(
    all: LayerStatistics[],
    { date, tokens }: { date: number; tokens?: number | undefined },
  ): Promise<boolean> {
    const { stamp, precision } = this.#host.identity();
    let durable = true;
    for (const statistics of all) {
      const { layer, source, sampleSize } = statistics;
      const key: StatisticsKey = {
        stamp,
        precision,
        layer,
        corpus: source,
        dtype: "float32",
        sampleSize,
        tokens,
      };
      this.#atHand.set(layer, { statistics, key });
      const trouble = await this.#store.save(key, statistics, { date });
      if (trouble) [this.#notice, durable] = [trouble, false];
      await this.#measure(key, statistics, false);
    }
    this.#host.changed?.();
    return durable;
  }

  async #measure(key: StatisticsKey, statistics: LayerStatistics, thorough: boolean) {
    const { gpu } = this.#host.model();
    await this.#store.note(key, await statisticsSpectrum(statistics, { gpu, thorough }));
  }

  async #load(key: StatisticsKey): Promise<LayerStatistics | undefined> {
    const statistics = await this.#store.load(key);
    // What an edit is made with is said in its provenance.
    const { id, precision } = this.#host.identity();
    if (statistics && key.precision !== precision) {
      statistics.source += `, of the model in ${key.precision}`;
      statistics.model = { id, ...statistics.model, precision: key.precision };
    }
    if (statistics) this.#atHand.set(key.layer, { statistics, key });
    return statistics;
  }
}

const same = (a: StatisticsKey, b: StatisticsKey) => statisticsKey(a) === statisticsKey(b);

const sourceOf = (text: View.TextSource): string =>
  text.kind === "file"
    ? text.file.name
    : text.kind === "paste"
      ? "pasted text"
      : (text.address.split(/[?#]/)[0].split("/").at(-1) ?? text.address);

function textsOf({ text, form }: View.CollectOrder, signal: AbortSignal): Promise<string[]> {
  const options = { what: sourceOf(text), form };
  if (text.kind === "paste") return Promise.resolve(parseTexts(text.text, options));
  if (text.kind === "address") return readTexts(fetchText(text.address, { signal }), options);
  return readTexts(chunksOf(text.file), options);
}

async function* chunksOf(file: File): AsyncGenerator<string> {
  const reader = file.stream().pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    yield value;
  }
}
