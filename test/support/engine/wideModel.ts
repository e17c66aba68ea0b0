import { writeSafetensors } from "../../../src/data/weights/safetensors.ts";
import { blockWeights } from "../../../src/engine/architecture/blockWeights.ts";
import { readConfig } from "../../../src/engine/architecture/readConfig.ts";
import { Model } from "../../../src/engine/Model.ts";
import type { ModelFiles } from "../../../src/engine/files/ModelFiles.ts";
import type { Runtime } from "../../../src/engine/runtime/Runtime.ts";
import { memoryFiles } from "./memoryFiles.ts";

/** A GPT-2 of five narrow layers with MLPs as wide as asked for, with weights that are a pattern. */
export async function wideModel(
  runtime: Runtime,
  golden: ModelFiles,
  dMlp: number,
): Promise<Model> {
  const [vocab, dModel] = [503, 16];
  const config = {
    model_type: "gpt2",
    activation_function: "gelu_new",
    layer_norm_epsilon: 1e-5,
    n_layer: 5,
    n_embd: dModel,
    n_head: 2,
    vocab_size: vocab,
    n_positions: 32,
    n_inner: dMlp,
    tie_word_embeddings: true,
  };
  const shapes: Record<string, number[]> = {
    "wte.weight": [vocab, dModel],
    "wpe.weight": [32, dModel],
    "ln_f.weight": [dModel],
    "ln_f.bias": [dModel],
  };
  const block = blockWeights(await readConfig(memoryFiles({ "config.json": config })));
  for (let l = 0; l < 5; l++) {
    for (const { key, shape } of block) shapes[`h.${l}.${key}`] = [...shape];
  }
  const tensors = Object.entries(shapes).map(([name, shape], t) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    for (let i = 0; i < data.length; i++) data[i] = Math.sin(i * (0.7 + t) + t) / 4;
    return [name, { shape, data }] as const;
  });
  const files = memoryFiles({
    "config.json": config,
    "tokenizer.json": await golden.read("tokenizer.json"),
    "tokenizer_config.json": await golden.read("tokenizer_config.json"),
    "model.safetensors": writeSafetensors(Object.fromEntries(tensors)),
  });
  return Model.load(runtime, files);
}
