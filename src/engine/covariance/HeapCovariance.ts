import type { Tensor } from "onnxruntime-common";
import { SymmetricTiles, tileIndex } from "../../kernels/covariance/SymmetricTiles.ts";
import { Graph } from "../graphs/Graph.ts";
import { gemm } from "../graphs/ops.ts";
import type { Transformer } from "../transformer/Transformer.ts";

/** Samples whose products are summed in float32 before they join the float64 sums. */
const CHUNK = 512;

/**
 * The running sum Σ k kᵀ [n, n] of keys that lie in the heap: where there is no GPU.
 *
 * The runtime forms the tiles of KᵀK for up to 512 keys at once in float32; these are added in float64, so that the
 * error does not grow with the number of keys. Holds 8 bytes per entry of the lower half.
 */
export class HeapCovariance {
  readonly n: number;
  readonly side: number;
  /** Never time for a drain: the sums are float64. */
  readonly isDue = false;
  readonly #model: Transformer;
  /** The keys that wait, by columns of tiles: [CHUNK, side] each; what lies past n is 0. */
  readonly #waiting: Float32Array<ArrayBuffer>[];
  #filled = 0;
  #tiles: (Float64Array<ArrayBuffer> | undefined)[] = [];

  constructor(model: Transformer, n: number, side = new SymmetricTiles(1).side) {
    this.n = n;
    this.side = side;
    this.#model = model;
    const columns = Math.ceil(n / side);
    this.#waiting = Array.from({ length: columns }, () => new Float32Array(CHUNK * side));
  }

  /** Adds the rows `at` of keys [rows, n]; the rest is padding. */
  async add(keys: Tensor, at: readonly number[]): Promise<void> {
    const data = keys.data as Float32Array;
    const { n, side } = this;
    for (const row of at) {
      this.#waiting.forEach((columns, c) => {
        const begin = row * n + c * side;
        columns.set(
          data.subarray(begin, Math.min(begin + side, (row + 1) * n)),
          this.#filled * side,
        );
      });
      if (++this.#filled === CHUNK) await this.#multiply();
    }
  }

  /** Hands over each tile's sum [side, side], which may be kept, and starts again from zero. */
  async drain(
    take: (tile: number, partial: Float64Array<ArrayBuffer>) => void | Promise<void>,
  ): Promise<void> {
    await this.#multiply();
    const tiles = this.#tiles;
    this.#tiles = [];
    for (const [index, tile] of tiles.entries()) {
      if (!tile) continue;
      tiles[index] = undefined; // so that no tile is there twice for long
      await take(index, tile);
    }
  }

  dispose(): void {
    this.#tiles = [];
    this.#filled = 0;
  }

  /** Adds the products of the keys that wait: tile (r, c) gains K_rᵀ K_c. */
  async #multiply(): Promise<void> {
    const samples = this.#filled;
    this.#filled = 0;
    if (samples === 0) return;
    const { side } = this;
    const program = await this.#model.programs.get(`covariance/${side}`, () => productGraph(side));
    const feeds = this.#waiting.map((columns) =>
      this.#model.float32(columns.subarray(0, samples * side), [samples, side]),
    );
    for (let r = 0; r < feeds.length; r++) {
      for (let c = 0; c <= r; c++) {
        const { product } = await program.run({ a: feeds[r], b: feeds[c] });
        this.#accumulate(tileIndex(r, c), product.data as Float32Array);
        this.#model.memory.release(product);
      }
    }
  }

  #accumulate(index: number, product: Float32Array): void {
    const sum = (this.#tiles[index] ??= new Float64Array(product.length));
    for (let i = 0; i < product.length; i++) sum[i] += product[i];
  }
}

/** aᵀ b [side, side] of a and b [sample, side]. */
function productGraph(side: number) {
  const graph = new Graph();
  const a = graph.input("a", ["sample", side]);
  const b = graph.input("b", ["sample", side]);
  return graph.build({ product: gemm(a, b, { transA: true }) });
}
