import type { Tensor } from "onnxruntime-common";
import type { Intervention } from "../architecture/sites.ts";
import type { Runtime } from "../runtime/Runtime.ts";

/** The rectangle of a run: `rows` × `width` positions, of which row r's first is `starts[r]`. */
export interface Extent {
  rows: number;
  width: number;
  starts: readonly number[];
}

/**
 * The `keep`, `store` and `index` inputs of one site (see `patch` in graphs/block.ts), gathered from
 * interventions. Where two name the same row and position, the later one holds.
 */
export class Patches {
  #runtime: Runtime;
  #width: number;
  #extent: Extent;
  #keep: Float32Array;
  #index: Int32Array;
  #store: Float32Array[] = [];

  constructor(runtime: Runtime, extent: Extent, width: number) {
    this.#runtime = runtime;
    this.#extent = extent;
    this.#width = width;
    this.#keep = new Float32Array(extent.rows * extent.width).fill(1);
    this.#index = new Int32Array(extent.rows * extent.width);
  }

  /** Throws where a row or position lies outside the run, or values have the wrong size. */
  add({ site, rows, tokens, mode, values }: Intervention): void {
    const chosen = rows ?? Array.from({ length: this.#extent.rows }, (_, r) => r);
    const count = chosen.length * tokens.length;
    const shared = values.length === this.#width;
    if (!shared && values.length !== count * this.#width) {
      throw new Error(
        `invalid values for ${site}: ${values.length} numbers; give ${this.#width}, or ${count} × ${this.#width}`,
      );
    }
    if (shared) this.#store.push(values);
    let next = 0;
    for (const row of chosen) {
      for (const token of tokens) {
        if (!shared) {
          this.#store.push(values.subarray(next * this.#width, (next + 1) * this.#width));
        }
        this.#place(row, token, mode);
        next++;
      }
    }
  }

  #place(row: number, token: number, mode: "add" | "replace") {
    const column = token - (this.#extent.starts[row] ?? NaN);
    if (!(column >= 0 && column < this.#extent.width)) {
      throw new Error(
        `invalid position ${token} in row ${row}: this run computes ${this.#extent.rows} rows from position ${this.#extent.starts[row] ?? 0}`,
      );
    }
    const at = row * this.#extent.width + column;
    this.#keep[at] = mode === "add" ? 1 : 0;
    this.#index[at] = this.#store.length;
  }

  /** The three inputs of this site. */
  feeds(site: string): Record<string, Tensor> {
    const { Tensor } = this.#runtime.ort;
    const { rows, width } = this.#extent;
    const store = new Float32Array((this.#store.length + 1) * this.#width);
    this.#store.forEach((values, i) => store.set(values, (i + 1) * this.#width));
    return {
      [`${site}.keep`]: new Tensor("float32", this.#keep, [rows, width, 1]),
      [`${site}.index`]: new Tensor("int32", this.#index, [rows, width]),
      [`${site}.store`]: new Tensor("float32", store, [this.#store.length + 1, this.#width]),
    };
  }
}
