// What transformers' configuration classes of GPT-2, GPT-J and GPT-NeoX compute with, one rule after the other.

const names = {
  gpt2: ["n_layer", "n_embd", "n_head", "n_positions", "layer_norm_epsilon"],
  gptj: ["n_layer", "n_embd", "n_head", "n_positions", "layer_norm_epsilon"],
  gpt_neox: [
    "num_hidden_layers",
    "hidden_size",
    "num_attention_heads",
    "max_position_embeddings",
    "layer_norm_eps",
  ],
} as const;

const activations = ["gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh"];

/** Throws where a rule is broken. */
export function checkConfig(bytes: Uint8Array): void {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const config = JSON.parse(text) as Record<string, unknown>;
  must(Object.hasOwn(names, config.model_type as string), "a class that is known");
  const [layers, width, heads, positions, epsilon] = names[config.model_type as keyof typeof names];
  for (const size of [layers, width, heads, positions, "vocab_size"]) {
    must(Number.isInteger(config[size]) && (config[size] as number) > 0, `a size for ${size}`);
  }
  must((config[width] as number) % (config[heads] as number) === 0, "heads that divide the width");
  must((config[layers] as number) < 10_000, "layers that a machine could hold");
  const small = config[epsilon] ?? 1e-5;
  must(config[epsilon] !== null, "an epsilon");
  must(typeof small === "number" && small > 0 && small < Infinity, "an epsilon above 0");
  const tied = config.tie_word_embeddings;
  must(tied === undefined || typeof tied === "boolean", "true or false for ties");
  for (const key of ["activation_function", "hidden_act"]) {
    must(config[key] === undefined || activations.includes(config[key] as string), "GELU");
  }
}

function must(holds: boolean, rule: string): void {
  if (!holds) throw new Error(`transformers asks for ${rule}`);
}
