import type { Tensor } from "onnxruntime-common";
import type { Checkpoint } from "./Checkpoint.ts";
import type { ModelConfig } from "./config.ts";
import { blockWeights } from "./graphs/block.ts";
import { headWeights } from "./graphs/unembedding.ts";
import type { Memory } from "./Memory.ts";

/** A model's parameters, on the runtime's device, by Hugging Face's names within each part. */
export interface Weights {
  /** wte, wpe, ln_f and the head. */
  outer: Record<string, Tensor>;
  /** Per layer. Matrices are [in, out] whatever the checkpoint's layout (METHODS 1.4). */
  layers: Record<string, Tensor>[];
}

export interface LoadOptions {
  onProgress?: (done: number, total: number, name: string) => void;
  signal?: AbortSignal;
}

/**
 * Reads a checkpoint tensor by tensor into the memory. Throws where a tensor is missing or has
 * another shape than the config says.
 */
export async function loadWeights(
  checkpoint: Checkpoint,
  config: ModelConfig,
  memory: Memory,
  { onProgress, signal }: LoadOptions = {},
): Promise<Weights> {
  const block = blockWeights(config);
  const outer = outerWeights(config);
  const total = Object.keys(outer).length + config.layers * Object.keys(block).length;
  let done = 0;
  const load = async (name: string, shape: number[]): Promise<Tensor> => {
    signal?.throwIfAborted();
    const tensor = await readTensor(checkpoint, name, shape, isLinear(config, name));
    onProgress?.(++done, total, name);
    return memory.upload(tensor, shape);
  };
  const part = async (prefix: string, shapes: Record<string, number[]>) => {
    const tensors: Record<string, Tensor> = {};
    for (const [name, shape] of Object.entries(shapes)) {
      tensors[name] = await load(`${prefix}${name}`, shape);
    }
    return tensors;
  };
  const loaded: Weights = { outer: await part("", outer), layers: [] };
  for (let layer = 0; layer < config.layers; layer++) {
    loaded.layers.push(await part(`h.${layer}.`, block));
  }
  return loaded;
}

function outerWeights(config: ModelConfig): Record<string, number[]> {
  const { vocab, positions, dModel, architecture } = config;
  return {
    "wte.weight": [vocab, dModel],
    ...(architecture === "gpt2" && { "wpe.weight": [positions, dModel] }),
    ...headWeights(config),
  };
}

/** GPT-J's projections are nn.Linear [out, in]; GPT-2's are Conv1D [in, out]. */
const isLinear = ({ architecture }: ModelConfig, name: string) =>
  architecture === "gptj" && /^h\.\d+\.(attn|mlp)\..*\.weight$/.test(name);

async function readTensor(
  checkpoint: Checkpoint,
  name: string,
  shape: number[],
  transposed: boolean,
): Promise<Float32Array> {
  if (!checkpoint.has(name)) {
    throw new Error(`the checkpoint has no tensor "${name}"; is it a causal language model?`);
  }
  const stored = transposed ? [shape[1], shape[0]] : shape;
  const found = checkpoint.info(name).shape;
  if (found.join() !== stored.join()) {
    throw new Error(
      `tensor "${name}" has shape [${found.join(", ")}], but config.json asks for [${stored.join(", ")}]`,
    );
  }
  const data = await checkpoint.tensor(name);
  return transposed ? transpose(data, stored[0], stored[1]) : data;
}

/** [rows, columns] as [columns, rows]. */
function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = data[i * columns + j];
  }
  return result;
}
