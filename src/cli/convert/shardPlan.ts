import type { ModelConfig } from "../../engine/architecture/config.ts";

/** One tensor of a checkpoint: its Hugging Face name and stored shape, METHODS 1.4. */
export interface PlannedTensor {
  name: string;
  shape: number[];
  /**
   * "conv1d" [in, out] and "linear" [out, in] are the projections, "table" [vocab, dModel] the embedding of tokens and
   * the head; "plain" is what is never quantized.
   */
  kind: "conv1d" | "linear" | "table" | "plain";
}

/** One file of a converted or synthetic checkpoint. */
export interface PlannedShard {
  path: string;
  tensors: PlannedTensor[];
}

/** The files of a model's checkpoint: the embedding, one for each layer, the head. */
export function shardPlan(config: ModelConfig): PlannedShard[] {
  const { layers, dModel, vocab, positions, architecture, tied } = config;
  const table = (name: string): PlannedTensor => ({ name, shape: [vocab, dModel], kind: "table" });
  const embedding = [table("transformer.wte.weight")];
  if (architecture === "gpt2") embedding.push(plain("transformer.wpe.weight", [positions, dModel]));
  const head = norm("transformer.ln_f", dModel);
  if (!tied) head.push(table("lm_head.weight"));
  if (!tied && architecture === "gptj") head.push(plain("lm_head.bias", [vocab]));
  const digits = Math.max(2, String(layers - 1).length);
  const block = architecture === "gpt2" ? gpt2Block : gptjBlock;
  return [
    { path: "embedding.safetensors", tensors: embedding },
    ...Array.from({ length: layers }, (_, layer) => ({
      path: `layer-${String(layer).padStart(digits, "0")}.safetensors`,
      tensors: block(config, `transformer.h.${layer}`),
    })),
    { path: "head.safetensors", tensors: head },
  ];
}

const plain = (name: string, shape: number[]): PlannedTensor => ({ name, shape, kind: "plain" });

const norm = (name: string, dModel: number): PlannedTensor[] => [
  plain(`${name}.weight`, [dModel]),
  plain(`${name}.bias`, [dModel]),
];

function gpt2Block({ dModel, dMlp }: ModelConfig, block: string): PlannedTensor[] {
  const conv1d = (name: string, shape: [number, number]): PlannedTensor[] => [
    { name: `${block}.${name}.weight`, shape, kind: "conv1d" },
    plain(`${block}.${name}.bias`, [shape[1]]),
  ];
  return [
    ...norm(`${block}.ln_1`, dModel),
    ...conv1d("attn.c_attn", [dModel, 3 * dModel]),
    ...conv1d("attn.c_proj", [dModel, dModel]),
    ...norm(`${block}.ln_2`, dModel),
    ...conv1d("mlp.c_fc", [dModel, dMlp]),
    ...conv1d("mlp.c_proj", [dMlp, dModel]),
  ];
}

function gptjBlock({ dModel, dMlp }: ModelConfig, block: string): PlannedTensor[] {
  const linear = (name: string, shape: [number, number]): PlannedTensor => ({
    name: `${block}.${name}.weight`,
    shape,
    kind: "linear",
  });
  return [
    ...norm(`${block}.ln_1`, dModel),
    ...["k", "v", "q", "out"].map((name) => linear(`attn.${name}_proj`, [dModel, dModel])),
    linear("mlp.fc_in", [dMlp, dModel]),
    plain(`${block}.mlp.fc_in.bias`, [dMlp]),
    linear("mlp.fc_out", [dModel, dMlp]),
    plain(`${block}.mlp.fc_out.bias`, [dModel]),
  ];
}
