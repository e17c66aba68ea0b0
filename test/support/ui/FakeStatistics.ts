/* eslint-disable @typescript-eslint/require-await -- it stands for calls across a thread, which are promises */
import type { RemoteLab } from "../../../workers/connect.ts";
import type {
  CollectOrder,
  CollectProgress,
  KeptView,
  StatisticsKey,
  StatisticsOverview,
} from "../../../workers/protocol/protocol.ts";

type RemoteStatistics = RemoteLab["statistics"];

/** Statistics of one layer, kept in an array. */
export class FakeStatistics implements RemoteStatistics {
  kept: KeptView[] = [];

  async overview(): Promise<StatisticsOverview> {
    const atHand = this.kept.map(({ layer, source, count }) => ({ layer, source, count }));
    return { kept: this.kept, atHand };
  }

  add(_id: number, { from, layer = 0 }: { from: File | string; layer?: number | undefined }) {
    return this.#keep(layer, typeof from === "string" ? from : from.name);
  }

  async collect(
    _id: number,
    { layers }: CollectOrder,
    report: (progress: CollectProgress | null, stage: string) => void,
  ) {
    report({ texts: 1, totalTexts: 2, tokens: 512, totalTokens: 1024 }, "collecting");
    for (const layer of layers) await this.#keep(layer, "pasted text");
    return this.overview();
  }

  takeCollected() {
    return this.overview();
  }

  dropCollection() {
    return this.overview();
  }

  use() {
    return this.overview();
  }

  measure() {
    return this.overview();
  }

  async remove(_id: number, key: StatisticsKey) {
    this.kept = this.kept.filter((kept) => kept.key !== key);
    return this.overview();
  }

  async file() {
    return { name: "statistics.npz", blob: new Blob(["PK"]) };
  }

  async view() {
    return [];
  }

  async reset() {}

  async fileOf() {
    return undefined;
  }

  async of() {
    return undefined;
  }

  async take() {}

  async has(layer: number) {
    return this.kept.some((kept) => kept.layer === layer);
  }

  #keep(layer: number, source: string) {
    const key = { stamp: "demo", precision: "f32", layer, corpus: source, dtype: "float32" };
    const measured = { effectiveRank: 12.5, conditionNumber: 4321 };
    const about = { layer, source, dMlp: 1024, count: 4096, bytes: 2_621_440, memoryOnly: false };
    this.kept = [...this.kept, { key, ...about, ...measured, inUse: true }];
    return this.overview();
  }
}
