import type { Architecture } from "./Architecture.ts";
import { geluNew, readBlockSizes } from "./openaiFields.ts";

/** GPT-J (Wang and Komatsuzaki 2021): rotated positions, the MLP beside the attention under one norm, linears [out, in]. */
export const gptj: Architecture = {
  modelType: "gptj",
  title: "GPT-J",
  vocabulary: "GPT-2",
  className: "GPTJForCausalLM",
  prefix: "transformer.",
  blocks: "h",
  outer: { tokenEmbedding: "wte", finalNorm: "ln_f", head: "lm_head", headBias: true },
  stored: "outIn",
  buffers: { names: /\.attn\.(bias|masked_bias)$/, bytes: () => 0 },
  modules: ({ dModel: d, dMlp: f }) => [
    { role: "attnNorm", name: "ln_1" },
    { role: "key", name: "attn.k_proj", shape: [d, d], bias: false },
    { role: "value", name: "attn.v_proj", shape: [d, d], bias: false },
    { role: "query", name: "attn.q_proj", shape: [d, d], bias: false },
    { role: "attnOut", name: "attn.out_proj", shape: [d, d], bias: false },
    { role: "mlpIn", name: "mlp.fc_in", shape: [d, f], bias: true },
    { role: "mlpOut", name: "mlp.fc_out", shape: [f, d], bias: true },
  ],
  parallel: () => true,
  rotation: "neighbours",
  read(fields) {
    geluNew(fields, "activation_function");
    fields.refuse({
      scale_attn_weights: false,
      scale_attn_by_inverse_layer_idx: true,
      add_cross_attention: true,
    });
    const sizes = readBlockSizes(fields);
    const headDim = sizes.dModel / sizes.heads;
    return {
      ...sizes,
      rotaryDim: fields.rotated("rotary_dim", fields.whole("rotary_dim", 64), headDim),
      tied: fields.flag("tie_word_embeddings", false),
    };
  },
  write: ({ layers, dModel, heads, vocab, positions }) => ({
    n_layer: layers,
    n_embd: dModel,
    n_head: heads,
    rotary_dim: 64,
    n_positions: positions,
    vocab_size: vocab,
    tie_word_embeddings: false,
    activation_function: "gelu_new",
    layer_norm_epsilon: 1e-5,
    initializer_range: 0.02,
    n_inner: null,
  }),
};
