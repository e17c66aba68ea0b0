import type { Architecture } from "./Architecture.ts";
import { geluNew, readBlockSizes } from "./openaiFields.ts";

/** GPT-2 (Radford et al. 2019): learned positions, the MLP after the attention, Conv1D matrices [in, out]. */
export const gpt2: Architecture = {
  modelType: "gpt2",
  title: "GPT-2",
  vocabulary: "GPT-2",
  className: "GPT2LMHeadModel",
  prefix: "transformer.",
  blocks: "h",
  outer: {
    tokenEmbedding: "wte",
    positionEmbedding: "wpe",
    finalNorm: "ln_f",
    head: "lm_head",
    headBias: false,
  },
  stored: "inOut",
  // The causal mask as float32, and its constant.
  buffers: {
    names: /\.attn\.(bias|masked_bias)$/,
    bytes: ({ positions }) => 4 * positions ** 2,
  },
  modules: ({ dModel: d, dMlp: f }) => [
    { role: "attnNorm", name: "ln_1" },
    { role: "queryKeyValue", name: "attn.c_attn", shape: [d, 3 * d], bias: true },
    { role: "attnOut", name: "attn.c_proj", shape: [d, d], bias: true },
    { role: "mlpNorm", name: "ln_2" },
    { role: "mlpIn", name: "mlp.c_fc", shape: [d, f], bias: true },
    { role: "mlpOut", name: "mlp.c_proj", shape: [f, d], bias: true },
  ],
  fused: "thirds",
  parallel: () => false,
  read(fields) {
    geluNew(fields, "activation_function");
    fields.refuse({
      scale_attn_weights: false,
      scale_attn_by_inverse_layer_idx: true,
      add_cross_attention: true,
    });
    return {
      ...readBlockSizes(fields),
      rotaryDim: 0,
      tied: fields.flag("tie_word_embeddings", true),
    };
  },
  write: ({ layers, dModel, heads, vocab, positions }) => ({
    n_layer: layers,
    n_embd: dModel,
    n_head: heads,
    n_positions: positions,
    vocab_size: vocab,
    tie_word_embeddings: true,
    activation_function: "gelu_new",
    layer_norm_epsilon: 1e-5,
    initializer_range: 0.02,
    n_inner: null,
  }),
};
