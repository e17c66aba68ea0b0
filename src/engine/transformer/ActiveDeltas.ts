import type { Tensor } from "onnxruntime-common";
import { combine } from "../../data/delta/combine.ts";
import { type Change, isLowRank, type LowRank, type WeightDelta } from "../../data/delta/delta.ts";
import { namedWeight, type NamedWeight } from "../architecture/namedWeights.ts";
import type { TableKey } from "../architecture/weightNames.ts";
import type { Layout } from "../checkpoint/precision.ts";
import { transpose } from "../checkpoint/transpose.ts";
import type { BlockVariant } from "../graphs/BlockScope.ts";
import type { OnDevice } from "./OnDevice.ts";
import { weightSum } from "./weightSum.ts";

/** The change of one weight, and what the graphs are fed for it. */
interface Active {
  weight: NamedWeight;
  change: Change;
  /** Factors beside W, or W + ΔW in its place. */
  form: "factors" | "sum";
  feeds: Record<string, Tensor>;
  made?: Promise<void> | undefined;
}

/** Factors cost rank · (inputs + outputs) products a token: beyond this share of inputs · outputs, W + ΔW is made once. */
const DENSE = 0.5;

/** Whether a change of this rank of a matrix [inputs, outputs] is computed as W + ΔW. */
export const isDense = ([inputs, outputs]: readonly number[], rank: number): boolean =>
  rank * (inputs + outputs) > DENSE * inputs * outputs;

/**
 * The changes of weights that are switched on, on the device. The frozen weights stay as they are: a matrix of a block
 * gets factors beside it, or like every other weight is replaced by W + ΔW, which is made when it is first needed.
 */
export class ActiveDeltas {
  readonly #model: OnDevice;
  #active = new Map<string, Active>();

  constructor(model: OnDevice) {
    this.#model = model;
  }

  /** Switches these changes on in the place of any before. */
  set(weights: readonly WeightDelta[]): void {
    this.clear();
    for (const { weight: name, change } of combine(weights)) {
      const weight = namedWeight(this.#model.config, name);
      const factors =
        weight.kind === "matrix" && isLowRank(change) && !isDense(weight.shape, change.rank);
      const feeds = factors ? this.#factors(weight, change) : {};
      this.#active.set(name, { weight, change, form: factors ? "factors" : "sum", feeds });
    }
  }

  /** Switches everything off. */
  clear(): void {
    for (const { feeds } of this.#active.values()) this.#release(feeds);
    this.#active.clear();
  }

  /**
   * Does work that begins with nothing switched on, and switches back on what was: it stays on the device meanwhile, so that
   * what is fed with it can go on.
   */
  async aside<T>(work: () => Promise<T>): Promise<T> {
    const active = this.#active;
    this.#active = new Map();
    try {
      return await work();
    } finally {
      this.clear();
      this.#active = active;
    }
  }

  /** How a layer's graph takes the changes of its matrices, if there are any. */
  variant(layer: number): Pick<BlockVariant, "deltas"> {
    const here = this.#of(layer).filter(({ weight }) => weight.kind === "matrix");
    if (here.length === 0) return {};
    return { deltas: Object.fromEntries(here.map(({ weight, form }) => [weight.key, form])) };
  }

  /** The inputs that the changes add or replace, of a layer or outside the blocks; ask after `settle`. */
  feeds(layer: number | undefined): Record<string, Tensor> {
    return Object.assign({}, ...this.#of(layer).map(({ feeds }) => feeds)) as Record<
      string,
      Tensor
    >;
  }

  /** All that lies outside the blocks, with its changes; ask after `settle`. */
  outer(): Record<string, Tensor> {
    return { ...this.#model.weights.outer, ...this.feeds(undefined) };
  }

  /** How a table lies with its change: W + ΔW is float32. */
  tableLayout(key: TableKey): Layout {
    const stored = this.#model.layout.tables[key]!;
    const changed = this.#of(undefined).some(({ weight }) => weight.key === key);
    return changed ? { ...stored, form: "f32" } : stored;
  }

  /** Makes W + ΔW where that is what is fed, of a layer or outside the blocks; every run waits for this. */
  async settle(layer: number | undefined): Promise<void> {
    for (const active of this.#of(layer)) {
      if (active.form === "factors") continue;
      try {
        await (active.made ??= this.#make(active));
      } catch (error) {
        active.made = undefined; // so that the next run tries again
        throw error;
      }
    }
  }

  async #make(active: Active): Promise<void> {
    const { weight, change } = active;
    const sums = await weightSum(this.#model, weight, change);
    if (this.#active.get(weight.name) !== active) return this.#release(sums); // switched off meanwhile
    for (const sum of Object.values(sums)) this.#model.memory.keep(sum);
    active.feeds = sums;
  }

  /** u [inputs, rank] and v [rank, outputs] of a block's matrix. */
  #factors({ key, shape: [inputs, outputs] }: NamedWeight, { rank, u, v }: LowRank) {
    const { memory } = this.#model;
    return {
      [`${key}.u`]: memory.keep(memory.upload(transpose(u, [rank, inputs]), [inputs, rank])),
      [`${key}.v`]: memory.keep(memory.upload(v, [rank, outputs])),
    };
  }

  #of(layer: number | undefined): Active[] {
    return [...this.#active.values()].filter(({ weight }) => weight.layer === layer);
  }

  #release(feeds: Record<string, Tensor>): void {
    for (const tensor of Object.values(feeds)) this.#model.memory.release(tensor);
  }
}
