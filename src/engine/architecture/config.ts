import { autoConfig } from "../files/pretrained.ts";
import type { DescribingFiles } from "../files/rememberedFiles.ts";

/** What a graph and a method need to know of a model; the field names of METHODS 1.3. */
export interface ModelConfig {
  architecture: "gpt2" | "gptj";
  /** Hub id or folder name, the model's key in statistics and deltas. */
  name: string;
  revision: string;
  layers: number;
  dModel: number;
  dMlp: number;
  heads: number;
  vocab: number;
  /** Longest context in tokens. */
  positions: number;
  layerNormEpsilon: number;
  /** Dimensions per head that are rotated (GPT-J); 0 for learned positions (GPT-2). */
  rotaryDim: number;
  /** True when the unembedding is the token embedding. */
  tied: boolean;
}

const SUPPORTED = ["gpt2", "gptj"] as const;
// Three names for 0.5x(1 + tanh(√(2/π)(x + 0.044715x³))), METHODS 1.1.
const GELU_NEW = ["gelu_new", "gelu_fast", "gelu_pytorch_tanh"];

/**
 * Reads config.json of a model's files, as Hugging Face's AutoConfig has it.
 *
 * @throws as {@link parseConfig}, and when the file is missing or not JSON
 */
export async function readConfig(files: DescribingFiles): Promise<ModelConfig> {
  const { name, revision } = files;
  const text = new TextDecoder().decode(await files.read("config.json"));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Error(`config.json of ${name} is not JSON`, { cause });
  }
  // What transformers.js fails on is another architecture, or none: parseConfig has the sentence.
  const isObject = typeof json === "object" && json !== null && !Array.isArray(json);
  const config: unknown = isObject ? await autoConfig(json as object).catch(() => json) : json;
  return parseConfig(config, name, revision);
}

/**
 * Reads a Hugging Face config.json of a GPT-2 or GPT-J.
 *
 * @param json the parsed file
 * @throws `unknown architecture: llama (supported: gpt2, gptj)`, a field that is missing or out of range, or an
 *   option of these architectures that would change the mathematics
 */
export function parseConfig(json: unknown, name: string, revision: string): ModelConfig {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new Error(`config.json of ${name} is not a JSON object`);
  }
  const fields = json as Record<string, unknown>;
  const architecture = architectureOf(fields, name);
  checkOptions(fields, name);
  const read = (key: string, absent?: number) => wholeNumber(fields, { key, name, absent });
  const dModel = read("n_embd");
  const heads = read("n_head");
  if (dModel % heads !== 0) {
    throw new Error(
      `config.json of ${name}: invalid n_head: ${heads} (must divide n_embd ${dModel})`,
    );
  }
  return {
    architecture,
    name,
    revision,
    layers: read("n_layer"),
    dModel,
    dMlp: read("n_inner", 4 * dModel),
    heads,
    vocab: read("vocab_size"),
    positions: read("n_positions"),
    layerNormEpsilon: epsilon(fields, name),
    rotaryDim: architecture === "gptj" ? rotary(read("rotary_dim", 64), dModel / heads, name) : 0,
    tied:
      typeof fields.tie_word_embeddings === "boolean"
        ? fields.tie_word_embeddings
        : architecture === "gpt2",
  };
}

function architectureOf(fields: Record<string, unknown>, name: string): "gpt2" | "gptj" {
  const type = fields.model_type;
  const found = SUPPORTED.find((architecture) => architecture === type);
  if (found) return found;
  if (type === undefined || type === null)
    throw new Error(`config.json of ${name} lacks "model_type"`);
  throw new Error(
    `unknown architecture: ${typeof type === "string" ? type : JSON.stringify(type)} (supported: ${SUPPORTED.join(", ")})`,
  );
}

/** Refuses what would silently give other numbers than `transformers` does. */
function checkOptions(fields: Record<string, unknown>, name: string): void {
  const activation = fields.activation_function ?? "gelu_new";
  if (!GELU_NEW.includes(activation as string)) {
    throw new Error(
      `config.json of ${name}: unsupported activation_function: ${JSON.stringify(activation)} (supported: ${GELU_NEW.join(", ")})`,
    );
  }
  const unsupported = {
    scale_attn_weights: false,
    scale_attn_by_inverse_layer_idx: true,
    add_cross_attention: true,
  };
  for (const [key, value] of Object.entries(unsupported)) {
    if (fields[key] === value)
      throw new Error(`config.json of ${name}: ${key}: ${value} is not supported`);
  }
}

function wholeNumber(
  fields: Record<string, unknown>,
  { key, name, absent }: { key: string; name: string; absent: number | undefined },
): number {
  const value = fields[key] ?? absent;
  if (value === undefined) throw new Error(`config.json of ${name} lacks "${key}"`);
  if (!Number.isSafeInteger(value) || (value as number) < 1) {
    throw new Error(
      `config.json of ${name}: invalid ${key}: ${JSON.stringify(value)} (a whole number above 0)`,
    );
  }
  return value as number;
}

function epsilon(fields: Record<string, unknown>, name: string): number {
  const value = fields.layer_norm_epsilon ?? 1e-5;
  if (typeof value !== "number" || !(value > 0)) {
    throw new Error(
      `config.json of ${name}: invalid layer_norm_epsilon: ${JSON.stringify(value)} (a number above 0)`,
    );
  }
  return value;
}

function rotary(dim: number, dHead: number, name: string): number {
  if (dim % 2 === 0 && dim <= dHead) return dim;
  throw new Error(
    `config.json of ${name}: invalid rotary_dim: ${dim} (even, at most ${dHead} dimensions per head)`,
  );
}
