import { shown } from "../../data/outside/shown.ts";
import type { Architecture } from "./Architecture.ts";
import type { ModelConfig } from "./config.ts";
import type { ConfigFields } from "./ConfigFields.ts";
import { GELU_NEW } from "./openaiFields.ts";

/**
 * GPT-NeoX (Black et al. 2022), among them the Pythia models: a share of each head rotated by halves, queries, keys and
 * values fused head by head, a norm each for attention and MLP, which stand side by side or one after the other.
 */
export const gptNeox: Architecture = {
  modelType: "gpt_neox",
  title: "GPT-NeoX",
  vocabulary: "GPT-NeoX",
  className: "GPTNeoXForCausalLM",
  prefix: "gpt_neox.",
  blocks: "layers",
  outer: {
    tokenEmbedding: "embed_in",
    finalNorm: "final_layer_norm",
    head: "embed_out",
    headBias: false,
  },
  stored: "outIn",
  // The causal mask in bytes, its constant and the rotation's speeds.
  buffers: {
    names: /\.attention\.(bias|masked_bias|rotary_emb\.inv_freq)$/,
    bytes: ({ positions }) => positions ** 2,
  },
  modules: ({ dModel: d, dMlp: f, attentionBias = true }) => [
    { role: "attnNorm", name: "input_layernorm" },
    { role: "mlpNorm", name: "post_attention_layernorm" },
    {
      role: "queryKeyValue",
      name: "attention.query_key_value",
      shape: [d, 3 * d],
      bias: attentionBias,
    },
    { role: "attnOut", name: "attention.dense", shape: [d, d], bias: attentionBias },
    { role: "mlpIn", name: "mlp.dense_h_to_4h", shape: [d, f], bias: true },
    { role: "mlpOut", name: "mlp.dense_4h_to_h", shape: [f, d], bias: true },
  ],
  fused: "heads",
  parallel: ({ parallel = true }) => parallel,
  rotation: "halves",
  read(fields) {
    const dModel = fields.whole("hidden_size");
    const heads = fields.heads("num_attention_heads", ["hidden_size", dModel]);
    const activation = fields.choice("hidden_act", ["gelu", ...GELU_NEW], "gelu");
    return {
      layers: fields.layers("num_hidden_layers"),
      dModel,
      dMlp: fields.whole("intermediate_size", 4 * dModel),
      heads,
      vocab: fields.whole("vocab_size"),
      positions: fields.whole("max_position_embeddings"),
      layerNormEpsilon: fields.positive("layer_norm_eps", 1e-5),
      ...rotation(fields, dModel / heads),
      activation: activation === "gelu" ? "gelu" : "gelu_new",
      parallel: fields.flag("use_parallel_residual", true),
      attentionBias: fields.flag("attention_bias", true),
      tied: fields.flag("tie_word_embeddings", false),
    };
  },
  write: ({ layers, dModel, heads, vocab, positions }) => ({
    num_hidden_layers: layers,
    hidden_size: dModel,
    num_attention_heads: heads,
    intermediate_size: 4 * dModel,
    max_position_embeddings: positions,
    vocab_size: vocab,
    rotary_pct: 0.25,
    rotary_emb_base: 10000,
    use_parallel_residual: true,
    hidden_act: "gelu",
    layer_norm_eps: 1e-5,
    initializer_range: 0.02,
    tie_word_embeddings: false,
  }),
};

/**
 * The rotation, from `rotary_pct` and `rotary_emb_base` of the Hub's configs or from `rope_parameters` of new ones.
 *
 * @throws where it is scaled for longer contexts
 */
function rotation(
  fields: ConfigFields,
  headDim: number,
): Pick<ModelConfig, "rotaryDim" | "rotaryBase"> {
  const scaling = fields.record("rope_scaling");
  const parameters = fields.record("rope_parameters") ?? scaling;
  const type = parameters?.get("rope_type") ?? parameters?.get("type") ?? "default";
  if (type !== "default") {
    throw fields.error(
      `: unsupported rope_type: "${shown(type)}" (only "default" positions, which are not scaled)`,
    );
  }
  const share = parameters?.get("partial_rotary_factor") ?? fields.get("rotary_pct") ?? 0.25;
  if (typeof share !== "number" || !(share >= 0 && share <= 1)) {
    throw fields.error(`: invalid rotary_pct: ${shown(share)} (a share from 0 to 1)`);
  }
  const rotaryBase =
    parameters?.get("rope_theta") === undefined
      ? fields.positive("rotary_emb_base", 10000)
      : parameters.positive("rope_theta", 10000);
  const rotaryDim = fields.rotated("rotary_pct", Math.floor(headDim * share), headDim);
  return { rotaryDim, rotaryBase };
}
