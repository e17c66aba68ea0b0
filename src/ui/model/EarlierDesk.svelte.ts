import type { RemoteLab } from "../../../workers/connect.ts";
import type { EarlierEntry, EarlierTaken } from "../../../workers/protocol/protocol.ts";

/** What the session lends. */
interface EarlierDeskHost {
  lab(): RemoteLab["earlier"];
  run<T>(stage: string, work: (id: number) => Promise<T>): Promise<T | undefined>;
  /** Takes what is answered into the page; true where it is kept anew. */
  took(taken: EarlierTaken, entry: EarlierEntry): Promise<boolean>;
}

/** What earlier versions of the page have kept under the names of models' folders. */
export class EarlierDesk {
  entries = $state.raw<EarlierEntry[]>([]);
  /** What is kept under the name of the open model. */
  here = $derived(this.entries.filter(({ sameName }) => sameName));
  readonly #host: EarlierDeskHost;

  constructor(host: EarlierDeskHost) {
    this.#host = host;
  }

  /** Looks what there is; it is no loss where the browser does not say. */
  async refresh() {
    this.entries = await this.#host
      .lab()
      .list()
      .catch(() => this.entries);
  }

  /** Takes it for the model that is open; what is whole and kept anew is no longer kept under its name. */
  async take(entry: EarlierEntry) {
    const { id, kind } = entry;
    const order = { id, kind, date: Date.now() };
    const taken = await this.#host.run("taking what was kept", (job) =>
      this.#host.lab().take(job, order),
    );
    if (!taken) return;
    if ((await this.#host.took(taken, entry)) && taken.unread === 0) await this.remove(entry);
    await this.refresh();
  }

  async remove({ id, kind }: EarlierEntry) {
    const left = await this.#host.run("deleting what was kept", () =>
      this.#host.lab().remove({ id, kind }),
    );
    if (left) this.entries = left;
  }
}
