import type { ModelShape } from "./Architecture.ts";
import type { ConfigFields } from "./ConfigFields.ts";

// Three names for 0.5x(1 + tanh(√(2/π)(x + 0.044715x³))), METHODS 1.1.
export const GELU_NEW = ["gelu_new", "gelu_fast", "gelu_pytorch_tanh"] as const;

/** Refuses an MLP with another activation than gelu_new. */
export function geluNew(fields: ConfigFields, key: string): void {
  fields.choice(key, GELU_NEW, "gelu_new");
}

/** The sizes that the configs of GPT-2 and GPT-J call alike (METHODS 1.3). */
export function readBlockSizes(fields: ConfigFields): Omit<ModelShape, "rotaryDim" | "tied"> {
  const dModel = fields.whole("n_embd");
  return {
    heads: fields.heads("n_head", ["n_embd", dModel]),
    layers: fields.layers("n_layer"),
    dModel,
    dMlp: fields.wholeOrNull("n_inner", 4 * dModel),
    vocab: fields.whole("vocab_size"),
    positions: fields.whole("n_positions"),
    layerNormEpsilon: fields.positive("layer_norm_epsilon", 1e-5),
  };
}
