import type { Tensor } from "onnxruntime-common";
import { RunningCovariance } from "../../kernels/covariance/RunningCovariance.ts";
import type { ModelConfig } from "../architecture/config.ts";
import { Graph } from "../graphs/Graph.ts";
import { flattenRows, gather } from "../graphs/ops.ts";
import { HeapCovariance } from "./HeapCovariance.ts";
import { paddedIds, passOf } from "../transformer/run.ts";
import { checkLayer } from "../architecture/sites.ts";
import type { BlockOutput, Pass, Transformer } from "../transformer/Transformer.ts";

/** One tile's partial sum [side, side], with the layer that it belongs to. */
export interface CovarianceTile {
  layer: number;
  tile: number;
  partial: Float32Array | Float64Array<ArrayBuffer>;
}

/** A layer's running sum, on the device or in the heap. */
type Covariance = RunningCovariance | HeapCovariance;

/** Floats that the widest tensor of one pass may have: 64 MB. */
const WIDEST = 2 ** 24;

/** Rows of this width that go through the model together; at least one does in any case. */
export const widestPass = ({ dMlp, heads }: ModelConfig, width: number): number =>
  Math.floor(WIDEST / (width * Math.max(dMlp, heads * width)));

/**
 * Σ k kᵀ [dMlp, dMlp] of several layers' keys over batches of tokens (METHODS 3), in one pass that stops at the key of
 * the highest layer.
 *
 * On WebGPU the keys never leave the device: padding is dropped there and the sums are formed there, of which only the
 * lower tiles are held, 4 bytes per entry. Elsewhere the runtime multiplies and the sums are float64. `dispose` it.
 */
export class KeyCovariances {
  readonly layers: readonly number[];
  readonly #model: Transformer;
  readonly #covariances: ReadonlyMap<number, Covariance>;

  /** Throws where a layer is not the model's, or the device cannot hold its matrix. */
  static async open(model: Transformer, layers: readonly number[]): Promise<KeyCovariances> {
    const { dMlp, layers: all } = model.config;
    if (layers.length === 0) throw new Error("no layer was chosen; name at least one");
    for (const layer of layers) checkLayer(layer, all);
    const covariances = new Map<number, Covariance>();
    try {
      for (const layer of layers) {
        const { gpu } = model;
        covariances.set(
          layer,
          gpu ? await RunningCovariance.open(gpu, dMlp) : new HeapCovariance(model, dMlp),
        );
      }
    } catch (error) {
      for (const covariance of covariances.values()) covariance.dispose();
      throw error;
    }
    return new KeyCovariances(model, covariances);
  }

  private constructor(model: Transformer, covariances: ReadonlyMap<number, Covariance>) {
    this.#model = model;
    this.#covariances = covariances;
    this.layers = [...covariances.keys()];
  }

  /** The side of the tiles that `drain` hands over. */
  get side(): number {
    return this.#any.side;
  }

  /** Whether float32 sums have taken as many keys as their error bound allows: time for a drain. */
  get isDue(): boolean {
    return [...this.#covariances.values()].some((covariance) => covariance.isDue);
  }

  /**
   * Adds the keys of every token of a batch [batch][token]; returns how many tokens that were. Where it throws, some of
   * them may have been added.
   */
  async add(batch: readonly (readonly number[])[]): Promise<number> {
    for (const rows of this.#passes(batch)) {
      await this.#model.memory.frame(() => this.#addPass(rows));
    }
    return batch.reduce((sum, row) => sum + row.length, 0);
  }

  /** Hands over every tile of every layer's sum and starts again from zero. */
  async drain(take: (tile: CovarianceTile) => void | Promise<void>): Promise<void> {
    for (const [layer, covariance] of this.#covariances) {
      await covariance.drain((tile, partial) => take({ layer, tile, partial }));
    }
  }

  /** Frees the sums. */
  dispose(): void {
    for (const covariance of this.#covariances.values()) covariance.dispose();
  }

  get #any(): Covariance {
    return this.#covariances.values().next().value!;
  }

  /** A batch as rows that go through the model together without a tensor beyond 64 MB, or a row alone. */
  *#passes(batch: readonly (readonly number[])[]) {
    const { config } = this.#model;
    let rows: (readonly number[])[] = [];
    let width = 0;
    for (const row of batch) {
      const widest = Math.max(width, row.length);
      if (rows.length > 0 && rows.length + 1 > widestPass(config, widest)) {
        yield rows;
        [rows, width] = [[], 0];
      }
      rows.push(row);
      width = Math.max(width, row.length);
    }
    if (rows.length > 0) yield rows;
  }

  /** One forward run up to the highest layer's key. */
  async #addPass(tokens: readonly (readonly number[])[]): Promise<void> {
    const { memory } = this.#model;
    const pass = passOf({ tokens });
    const feeds = this.#model.passFeeds(pass);
    const last = Math.max(...this.layers);
    let { hidden } = await this.#model.embed(paddedIds(tokens, pass), pass);
    for (let layer = 0; layer <= last; layer++) {
      const outputs: BlockOutput[] = [
        ...(layer < last ? ["hidden" as const] : []),
        ...(this.#covariances.has(layer) ? ["key" as const] : []),
      ];
      const block = await this.#model.block({ layer, hidden, pass, feeds, outputs });
      memory.release(hidden);
      hidden = block.hidden;
      if (block.key) await this.#addKeys(layer, block.key, { tokens, pass });
    }
  }

  /** Adds keys [batch, token, dMlp] without those of the padding, and releases them. */
  async #addKeys(
    layer: number,
    keys: Tensor,
    { tokens, pass }: { tokens: readonly (readonly number[])[]; pass: Pass },
  ): Promise<void> {
    const covariance = this.#covariances.get(layer)!;
    const at = tokens.flatMap((row, r) => row.map((_, t) => r * pass.width + t));
    if (covariance instanceof HeapCovariance) {
      await covariance.add(keys, at);
      return this.#model.memory.release(keys);
    }
    const real = at.length < pass.rows * pass.width ? await this.#compact(keys, at) : keys;
    await covariance.add(real.gpuBuffer, at.length);
    this.#model.memory.release(real);
  }

  /** The rows `at` of keys [batch, token, dMlp] as [sample, dMlp]; the keys are released. */
  async #compact(keys: Tensor, at: readonly number[]): Promise<Tensor> {
    const model = this.#model;
    const program = await model.programs.get("covariance/compact", () => {
      const graph = new Graph();
      const x = graph.input("keys", ["batch", "token", model.config.dMlp]);
      const index = graph.input("at", ["sample"], "int32");
      return graph.build({ real: gather(flattenRows(x), index) });
    });
    const { real } = await program.run({ keys, at: model.int32(at, [at.length]) });
    model.memory.release(keys);
    return real;
  }
}
