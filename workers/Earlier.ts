import type { LayerStatistics } from "../src/methods/statistics/statistics.ts";
import { EarlierEdits } from "../src/engine/storage/EarlierEdits.ts";
import { EarlierStates } from "../src/engine/storage/EarlierStates.ts";
import { EarlierStatistics } from "../src/engine/storage/EarlierStatistics.ts";
import type { Model } from "../src/engine/Model.ts";
import type { HeldEdits } from "./HeldEdits.ts";
import type { EarlierEntry, EarlierTaken } from "./protocol/protocol.ts";
import type { Queue } from "./Queue.ts";

/** What the Lab lends. */
export interface EarlierHost {
  queue: Queue;
  held: HeldEdits;
  /** The model that is open, if one is. */
  model(): Pick<Model, "config"> | undefined;
  /** Keeps and uses statistics for the open model. */
  keepStatistics(statistics: LayerStatistics, date: number): Promise<void>;
}

/** Where an earlier version of this page kept things. */
export interface EarlierStores {
  edits: EarlierEdits;
  statistics: EarlierStatistics;
  states: EarlierStates;
}

const theirs = (): EarlierStores => ({
  edits: new EarlierEdits(),
  statistics: new EarlierStatistics(),
  states: new EarlierStates(),
});

/**
 * What earlier versions of this page have kept under the names of models' folders, which two models may share: nothing of
 * it is used unasked; it is listed, taken for the open model by one click, or deleted.
 */
export class Earlier {
  readonly #host: EarlierHost;
  readonly #stores: EarlierStores;

  constructor(host: EarlierHost, stores = theirs()) {
    this.#host = host;
    this.#stores = stores;
  }

  /** All of it; what is kept under the name of the open model first. */
  async list(): Promise<EarlierEntry[]> {
    const { edits, statistics, states } = this.#stores;
    const config = this.#host.model()?.config;
    const open = config && `${config.name}@${config.revision}`;
    const entries: EarlierEntry[] = [];
    for (const { id, model, edits: count } of await edits.list()) {
      const about = count === 1 ? "one edit" : `${count} edits`;
      entries.push({ id, kind: "edits", model, about, sameName: model === open, takes: !!open });
    }
    for (const { id, model, layer, source, bytes } of await statistics.list()) {
      const finished = layer !== undefined;
      const about = finished
        ? `statistics of layer ${layer}, ${source}`
        : "statistics that cannot be read, or were not finished";
      const takes = finished && open !== undefined;
      const sameName = model === open;
      entries.push({ id, kind: "statistics", model, about, bytes, sameName, takes });
    }
    const vectors = await states.count();
    if (vectors) {
      const about = `${vectors} found states of facts`;
      const of = { model: "several models", sameName: false, takes: false };
      entries.push({ id: "states", kind: "states", about, ...of });
    }
    return entries.sort((a, b) => Number(b.sameName) - Number(a.sameName));
  }

  /**
   * Takes what is kept for the model that is open: edits are answered, for the stack of the page, and statistics are kept
   * and used. The entry stays until {@link remove}.
   *
   * @throws a sentence where it does not fit the model, or cannot be read
   */
  take(job: number, { id, kind, date }: { id: string; kind: string; date: number }) {
    return this.#host.queue.run(job, "taking what was kept", async (): Promise<EarlierTaken> => {
      if (kind === "edits") return this.#takeEdits(id);
      const statistics = await this.#stores.statistics.take(id);
      this.#checkFits(statistics);
      await this.#host.keepStatistics(statistics, date);
      return { edits: [], unread: 0 };
    });
  }

  /** Deletes an entry. */
  async remove({ id, kind }: { id: string; kind: string }): Promise<EarlierEntry[]> {
    if (kind === "edits") await this.#stores.edits.remove(id);
    else if (kind === "statistics") await this.#stores.statistics.remove(id);
    else await this.#stores.states.clear();
    return this.list();
  }

  async #takeEdits(id: string): Promise<EarlierTaken> {
    const { edits, unread } = await this.#stores.edits.take(id);
    const held: EarlierTaken["edits"] = [];
    for (const { on, truth, delta } of edits) {
      const edit = await this.#host.held.hold(delta);
      held.push({ id: edit.id, on, truth, edit });
    }
    return { edits: held, unread };
  }

  #checkFits({ layer, dMlp }: LayerStatistics) {
    const { config } = this.#host.model()!;
    if (dMlp === config.dMlp && layer < config.layers) return;
    throw new Error(
      `these statistics are of layer ${layer} and keys with ${dMlp} numbers; this model has ${config.layers} layers and ${config.dMlp}`,
    );
  }
}
