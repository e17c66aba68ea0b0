import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { writeSafetensors } from "../../src/data/weights/safetensors.ts";
import { blobFiles, type ModelFiles } from "../../src/engine/files/ModelFiles.ts";
import { dataFolder } from "./dataFolder.ts";

/** A tensor of the published JSON: base64 of little-endian float32. */
interface Packed {
  shape: number[];
  data: string;
}

interface PublishedModel {
  config: {
    n_layer: number;
    n_head: number;
    n_embd: number;
    vocab_size: number;
    block_size: number;
  };
  [tensor: string]: unknown;
}

interface Tensor {
  shape: number[];
  data: Float32Array;
}

/** The trained model that sorts letters (bbycroft/llm-viz) and what it computed for three rows. */
export interface NanoSort {
  files: ModelFiles;
  /** [batch][token]. */
  tokens: number[][];
  /** The stored activations by their published names: `tok_emb`, `block0`, … `lm_head`. */
  activation: (name: string) => Tensor;
}

const folder = resolve(dataFolder, "gpt_nano_sort");

/** Why the model cannot be read here; undefined where it can. */
export const nanoSortMissing = existsSync(folder)
  ? undefined
  : `no ${folder}: set PALIMPSEST_DATA to the folder that holds gpt_nano_sort`;

/** Reads the published JSON as a Hugging Face GPT-2 checkpoint. */
export function readNanoSort(): NanoSort {
  const model = readJson("gpt-nano-sort-model.json") as PublishedModel;
  const partials = readJson("gpt-nano-sort-t0-partials.json");
  const activation = (name: string) => unpack(partials[name] as Packed);
  const idx = activation("idx");
  return { files: checkpointFiles(model), tokens: rowsOf(idx), activation };
}

function readJson(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(resolve(folder, file), "utf8")) as Record<string, unknown>;
}

function unpack({ shape, data }: Packed): Tensor {
  const bytes = Uint8Array.from(Buffer.from(data, "base64"));
  return { shape, data: new Float32Array(bytes.buffer) };
}

function rowsOf({ shape: [batch, tokens], data }: Tensor): number[][] {
  return Array.from({ length: batch }, (_, r) => [...data.subarray(r * tokens, (r + 1) * tokens)]);
}

/** config.json, a tokenizer of three letters, and the tensors with Hugging Face's names and layouts. */
function checkpointFiles({ config, ...tensors }: PublishedModel): ModelFiles {
  const hub: Record<string, Tensor> = {};
  for (const [name, packed] of Object.entries(tensors)) {
    if (name.endsWith(".attn.bias")) continue; // the causal mask
    const tensor = unpack(packed as Packed);
    hub[name] = isLinear(name) ? transpose(tensor) : tensor;
  }
  const text = {
    "config.json": hubConfig(config),
    "tokenizer.json": letters,
  };
  const files = new Map<string, Blob>([
    ["model.safetensors", new Blob([Uint8Array.from(writeSafetensors(hub))])],
  ]);
  for (const [path, json] of Object.entries(text))
    files.set(path, new Blob([JSON.stringify(json)]));
  return blobFiles(files, "gpt-nano-sort");
}

const hubConfig = (config: PublishedModel["config"]) => ({
  model_type: "gpt2",
  n_layer: config.n_layer,
  n_head: config.n_head,
  n_embd: config.n_embd,
  n_positions: config.block_size,
  vocab_size: config.vocab_size,
  activation_function: "gelu_new",
  layer_norm_epsilon: 1e-5,
  tie_word_embeddings: false,
});

const letters = {
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
  post_processor: null,
  decoder: { type: "ByteLevel" },
  model: { type: "BPE", vocab: { A: 0, B: 1, C: 2 }, merges: [] },
};

/** The four matrices of a block are stored [out, in] and Hugging Face's Conv1D has [in, out]. */
const isLinear = (name: string): boolean => /\.(c_attn|c_proj|c_fc)\.weight$/.test(name);

function transpose({ shape: [rows, columns], data }: Tensor): Tensor {
  const turned = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) turned[c * rows + r] = data[r * columns + c];
  }
  return { shape: [columns, rows], data: turned };
}
