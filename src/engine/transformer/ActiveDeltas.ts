import type { Tensor } from "onnxruntime-common";
import type { ModelConfig } from "../architecture/config.ts";
import type { BlockVariant } from "../graphs/BlockScope.ts";
import { buildDense } from "../graphs/dense.ts";
import type { OnDevice } from "./OnDevice.ts";

/** ΔW [dMlp, dModel] = u v of one layer. */
export interface DeltaFactors {
  rank: number;
  /** [dMlp, rank]. */
  u: Float32Array;
  /** [rank, dModel]. */
  v: Float32Array;
}

/** What a layer's block is fed: the factors, or W + ΔW in the place of W. */
interface Active {
  rank: number;
  feeds: Record<string, Tensor>;
  dense?: Promise<void>;
}

/** Factors cost rank · (dMlp + dModel) products a token: beyond this share of dMlp · dModel, W + ΔW is made once. */
const DENSE = 0.5;

/** Whether a change of this rank is computed as W + ΔW. */
export const isDense = ({ dMlp, dModel }: ModelConfig, rank: number): boolean =>
  rank * (dMlp + dModel) > DENSE * dMlp * dModel;

/** The changes of MLP output matrices that are switched on, on the device. The frozen weights stay as they are. */
export class ActiveDeltas {
  readonly #model: OnDevice;
  readonly #layers = new Map<number, Active>();

  constructor(model: OnDevice) {
    this.#model = model;
  }

  /** Switches a layer's change on; there must be none yet. */
  set(layer: number, { rank, u, v }: DeltaFactors): void {
    const { memory, config } = this.#model;
    const feeds = {
      "delta.u": memory.keep(memory.upload(u, [config.dMlp, rank])),
      "delta.v": memory.keep(memory.upload(v, [rank, config.dModel])),
    };
    this.#layers.set(layer, { rank, feeds });
  }

  /** Switches everything off. */
  clear(): void {
    for (const { feeds } of this.#layers.values()) this.#release(feeds);
    this.#layers.clear();
  }

  /** Which form of the change the layer's graph takes, if any; ask after `settle`. */
  variant(layer: number): Pick<BlockVariant, "delta"> {
    const active = this.#layers.get(layer);
    if (!active) return {};
    return { delta: "delta.u" in active.feeds ? "factors" : "dense" };
  }

  /** The inputs of the layer's block that the change adds or replaces; ask after `settle`. */
  feeds(layer: number): Record<string, Tensor> {
    return this.#layers.get(layer)?.feeds ?? {};
  }

  /** Makes W + ΔW where the rank is so high that factors would cost more; every run of a layer waits for this. */
  async settle(layer: number): Promise<void> {
    const active = this.#layers.get(layer);
    if (!active || !isDense(this.#model.config, active.rank)) return;
    try {
      await (active.dense ??= this.#makeDense(layer, active));
    } catch (error) {
      delete active.dense; // so that the next run tries again
      throw error;
    }
  }

  async #makeDense(layer: number, active: Active): Promise<void> {
    const { programs, memory, config, layout, weights } = this.#model;
    const program = await programs.get("dense", () => buildDense(config, layout));
    const factors = active.feeds;
    const sums = await program.run({ ...weights.layers[layer], ...factors });
    if (this.#layers.get(layer) !== active) return this.#release(sums); // switched off meanwhile
    for (const sum of Object.values(sums)) memory.keep(sum);
    active.feeds = sums;
    this.#release(factors);
  }

  #release(feeds: Record<string, Tensor>): void {
    for (const tensor of Object.values(feeds)) this.#model.memory.release(tensor);
  }
}
