import { readFile } from "node:fs/promises";
import { nodeRuntime } from "../../../src/cli/open/nodeRuntime.ts";
import { writeSafetensors } from "../../../src/data/weights/safetensors.ts";
import { Model } from "../../../src/engine/Model.ts";
import { NumpyRandom } from "../../../src/methods/random/numpyRandom.ts";

/** What {@link randomModel} makes. */
export interface RandomShape {
  layers: number;
  dModel: number;
  heads: number;
  positions: number;
}

/** A GPT-2 of the given shape with random weights and the golden checkpoints' tokenizer, from memory. */
export async function randomModel(shape: RandomShape): Promise<Model> {
  const folder = new URL("../../golden/checkpoints/tiny-gpt2/", import.meta.url);
  const copy = async (name: string) => new Uint8Array(await readFile(new URL(name, folder)));
  const vocab = 503;
  const config = {
    model_type: "gpt2",
    activation_function: "gelu_new",
    layer_norm_epsilon: 1e-5,
    n_layer: shape.layers,
    n_embd: shape.dModel,
    n_head: shape.heads,
    vocab_size: vocab,
    n_positions: shape.positions,
    n_inner: null,
    tie_word_embeddings: true,
  };
  const files = new Map<string, Uint8Array>([
    ["config.json", new TextEncoder().encode(JSON.stringify(config))],
    ["tokenizer.json", await copy("tokenizer.json")],
    ["tokenizer_config.json", await copy("tokenizer_config.json")],
    ["model.safetensors", writeSafetensors(randomTensors(shape, vocab))],
  ]);
  return Model.load(nodeRuntime(), {
    name: "random",
    revision: "none",
    read: (path, range) => Promise.resolve(files.get(path)!.slice(...(range ?? []))),
    size: (path) => Promise.resolve(files.get(path)?.length),
    has: (path) => Promise.resolve(files.has(path)),
  });
}

function randomTensors({ layers, dModel: d, positions }: RandomShape, vocab: number) {
  const random = new NumpyRandom(1);
  const tensors: Record<string, { shape: number[]; data: Float32Array }> = {};
  const add = (name: string, shape: number[], scale = 0.2, mean = 0) => {
    const count = shape.reduce((a, b) => a * b, 1);
    tensors[name] = {
      shape,
      data: Float32Array.from(random.randn(count), (x) => mean + scale * x),
    };
  };
  const norm = (name: string) => {
    add(`${name}.weight`, [d], 0.1, 1);
    add(`${name}.bias`, [d], 0.1);
  };
  const linear = (name: string, from: number, to: number) => {
    add(`${name}.weight`, [from, to], 1 / Math.sqrt(from));
    add(`${name}.bias`, [to], 0.1);
  };
  add("wte.weight", [vocab, d]);
  add("wpe.weight", [positions, d]);
  for (let l = 0; l < layers; l++) {
    norm(`h.${l}.ln_1`);
    linear(`h.${l}.attn.c_attn`, d, 3 * d);
    linear(`h.${l}.attn.c_proj`, d, d);
    norm(`h.${l}.ln_2`);
    linear(`h.${l}.mlp.c_fc`, d, 4 * d);
    linear(`h.${l}.mlp.c_proj`, 4 * d, d);
  }
  norm("ln_f");
  return tensors;
}
