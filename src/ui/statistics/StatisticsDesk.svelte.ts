import type { RemoteLab } from "../../../workers/connect.ts";
import type {
  CollectOrder,
  CollectProgress,
  KeptView,
  StatisticsOverview,
} from "../../../workers/protocol/protocol.ts";
import { fieldValue } from "../../data/settings/fieldValue.ts";
import type { Job } from "../parts/Job.svelte.ts";
import { download } from "../parts/download.ts";

/** What the session lends: the worker, and a job of which one is under way at a time. */
interface StatisticsDeskHost {
  lab(): RemoteLab["statistics"];
  run<T>(stage: string, work: (id: number) => Promise<T>): Promise<T | undefined>;
  stop(): void;
  job: Pick<Job, "progress">;
  /** How many the open model has. */
  layers(): number | undefined;
  callback<F extends (...values: never[]) => void>(call: F): F;
  took(answer: StatisticsOverview): void;
  report(error: unknown): void;
}

/** What this browser stores for the page, and whether it has promised to keep it. */
export interface PageStorage {
  usage: number;
  quota: number;
  persisted: boolean;
  /** Whether it was asked, on this visit, to promise it. */
  asked: boolean;
}

/** Covariance statistics on the page: what is kept, and what is being collected. */
export class StatisticsDesk {
  /** Whether the page shows them. */
  shown = $state(false);
  overview = $state.raw<StatisticsOverview | null>(null);
  progress = $state.raw<CollectProgress | null>(null);
  stage = $state("");
  collecting = $state(false);
  storage = $state.raw<PageStorage | null>(null);
  /** A file that says that it is of another model, until the reader has said whether it is taken. */
  doubtful = $state.raw<{ from: File | string; layer: string; question: string } | null>(null);
  readonly #host: StatisticsDeskHost;
  #collection: Promise<void> | undefined;

  constructor(host: StatisticsDeskHost) {
    this.#host = host;
  }

  /** Shows what there is now. */
  async open() {
    this.shown = true;
    await this.refresh();
  }

  /** Looks anew at what there is. It is no job: a collection that is under way goes on. */
  async refresh() {
    try {
      this.#took(await this.#host.lab().overview());
    } catch (error) {
      this.#host.report(error);
    }
    await this.measureStorage();
  }

  /**
   * Takes an .npz in the authors' form, from a file or an address.
   *
   * @param layer as typed; nothing is the layer that the file says
   */
  async add(from: File | string, layer: string, another = false) {
    this.doubtful = null;
    const name = typeof from === "string" ? from : from.name;
    await this.#do(`reading ${name}`, (id) => {
      const report = this.#host.callback((done: number, total: number, stage: string) => {
        this.stage = `${stage}: ${Math.floor((100 * done) / total)} %`;
      });
      const order = { from, layer: this.#layer(layer), date: Date.now(), another };
      return this.#host.lab().add(id, order, report);
    });
    const question = this.overview?.question;
    if (question) this.doubtful = { from, layer, question };
    await this.#keepStorage();
  }

  #layer(typed: string): number | undefined {
    if (!typed.trim()) return undefined;
    const context = { layers: this.#host.layers() };
    return fieldValue({ label: "Layer", kind: { type: "layer" } }, typed, context) as number;
  }

  /** Collects, or goes on with what was begun. */
  collect(order: Omit<CollectOrder, "date">) {
    return (this.#collection = this.#collect(order));
  }

  async #collect(order: Omit<CollectOrder, "date">) {
    this.progress = null;
    this.collecting = true;
    try {
      await this.#do("collecting statistics", (id) => {
        const report = this.#host.callback((progress: CollectProgress | null, stage: string) => {
          if (progress) this.progress = progress;
          this.stage = stage;
          const { tokens = 0, totalTokens = 0 } = progress ?? {};
          this.#host.job.progress(tokens, totalTokens, stage);
        });
        return this.#host.lab().collect(id, { ...order, date: Date.now() }, report);
      });
    } finally {
      this.collecting = false;
    }
    await this.#keepStorage();
  }

  /** Ends the collection for now: what was read is kept for it to go on. */
  async pause() {
    this.#host.stop();
    this.stage = "pausing";
    await this.#collection;
    await this.refresh();
  }

  takeCollected() {
    return this.#do("keeping what is collected", (id) =>
      this.#host.lab().takeCollected(id, Date.now()),
    );
  }

  dropCollection() {
    return this.#do("forgetting the collection", (id) => this.#host.lab().dropCollection(id));
  }

  use({ key }: KeptView) {
    return this.#do("loading statistics", (id) => this.#host.lab().use(id, key, Date.now()));
  }

  measure({ key }: KeptView) {
    return this.#do("measuring the condition", (id) => this.#host.lab().measure(id, key));
  }

  async remove({ key }: KeptView) {
    await this.#do("deleting statistics", (id) => this.#host.lab().remove(id, key));
    await this.measureStorage();
  }

  /** Hands a file in the authors' form to the reader's downloads. */
  async export({ key }: KeptView) {
    const file = await this.#host.run("writing statistics", (id) => this.#host.lab().file(id, key));
    if (file) download(file.name, file.blob);
  }

  /** Asks the browser how much it stores for the page, and whether for good. */
  async measureStorage(asked = this.storage?.asked ?? false) {
    const storage = globalThis.navigator?.storage;
    if (!storage?.estimate) return;
    const [{ usage = 0, quota = 0 }, persisted] = await Promise.all([
      storage.estimate(),
      storage.persisted(),
    ]);
    this.storage = { usage, quota, persisted, asked };
  }

  /** Asks the browser to keep what it stores for the page until the reader deletes it. */
  async persist() {
    await navigator.storage?.persist?.();
    await this.measureStorage(true);
  }

  /** The first statistics that are kept are worth the question. */
  async #keepStorage() {
    await this.measureStorage();
    const kept = this.overview?.kept.some(({ memoryOnly }) => !memoryOnly) ?? false;
    if (kept && this.storage && !this.storage.persisted && !this.storage.asked)
      await this.persist();
  }

  async #do(stage: string, work: (id: number) => Promise<StatisticsOverview>) {
    this.stage = stage;
    const answer = await this.#host.run(stage, work);
    if (answer) this.#took(answer);
  }

  #took(answer: StatisticsOverview) {
    this.overview = answer;
    this.#host.took(answer);
  }
}
