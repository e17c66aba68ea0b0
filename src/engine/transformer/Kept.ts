import type { Tensor } from "onnxruntime-common";
import type { Memory } from "../runtime/Memory.ts";

interface KeptStates {
  tokens: readonly (readonly number[])[];
  width: number;
  /** h⁻¹, then every layer's keys, values and hidden states: [row, width, dModel]. */
  embedding: Tensor | undefined;
  hidden: Tensor[];
  keys: Tensor[];
  values: Tensor[];
}

/**
 * What a run left behind for others to start from: hidden states, attention keys and values of every
 * layer, on the device. Dispose of it when no run needs it any more.
 */
export class Kept {
  readonly tokens: readonly (readonly number[])[];
  /** Positions per row, the longest row's; shorter rows are padded on the right. */
  readonly width: number;
  readonly embedding: Tensor | undefined;
  readonly hidden: readonly Tensor[];
  readonly keys: readonly Tensor[];
  readonly values: readonly Tensor[];
  #memory: Memory;

  constructor(memory: Memory, { tokens, width, embedding, hidden, keys, values }: KeptStates) {
    this.#memory = memory;
    this.tokens = tokens;
    this.width = width;
    this.embedding = embedding;
    this.hidden = hidden;
    this.keys = keys;
    this.values = values;
  }

  get rows(): number {
    return this.tokens.length;
  }

  /** The state that enters a layer: h^{layer−1}. Throws where the run kept none. */
  entering(layer: number): Tensor {
    const state = layer === 0 ? this.embedding : this.hidden[layer - 1];
    if (!state) throw new Error(`the run kept no state below layer ${layer}; run it with keep`);
    return state;
  }

  dispose(): void {
    const { embedding, hidden, keys, values } = this;
    for (const tensor of [...(embedding ? [embedding] : []), ...hidden, ...keys, ...values]) {
      this.#memory.release(tensor);
    }
  }
}
