import type { ModelConfig } from "./config.ts";
import type { ConfigFields } from "./ConfigFields.ts";

/** How a checkpoint keeps its matrices: y = xW with W [inputs, outputs], or y = xWᵀ with W [outputs, inputs]. */
export type Orientation = "inOut" | "outIn";

/** What a linear map of a block is for; `queryKeyValue` is three in one. */
export type LinearRole =
  "query" | "key" | "value" | "queryKeyValue" | "attnOut" | "mlpIn" | "mlpOut";

/** Which of a block's layer norms: before the attention, or before the MLP. */
export type NormRole = "attnNorm" | "mlpNorm";

/** A linear map of a block: `name.weight`, and `name.bias` where it has one. */
export interface Linear {
  role: LinearRole;
  /** Within the block: "mlp.c_proj". */
  name: string;
  shape: readonly [inputs: number, outputs: number];
  bias: boolean;
}

/** A layer norm of a block, with `name.weight` and `name.bias` [dModel]. */
export interface Norm {
  role: NormRole;
  name: string;
}

/** What lies outside the blocks, by its names in the checkpoint. */
export interface OuterNames {
  tokenEmbedding: string;
  /** Absent where positions are rotated into queries and keys. */
  positionEmbedding?: string;
  finalNorm: string;
  /** Where it is not the token embedding. */
  head: string;
  /** Whether such a head has a bias [vocab]. */
  headBias: boolean;
}

/** What a checkpoint stores beside its weights: causal masks, and the constants of old programs. */
export interface Buffers {
  names: RegExp;
  /** Of a layer, in bytes, in the files that the Hub has. */
  bytes: (config: ModelConfig) => number;
}

/** What of a config.json makes a `ModelConfig`. */
export type ModelShape = Omit<ModelConfig, "architecture" | "name" | "revision">;

/**
 * Everything that tells one architecture from another, as a table: names, shapes, orientation, wiring, positions. A
 * file like gpt2.ts is one, and the list of architectures.ts makes it known; no code outside this folder names a weight.
 */
export interface Architecture {
  /** In config.json: "gpt2". */
  modelType: string;
  /** As people write it: "GPT-2". */
  title: string;
  /** Whose vocabulary its published models read: among those that share one, a fact has the same tokens. */
  vocabulary: string;
  /** Its class in `transformers`. */
  className: string;
  /** What the names of all but the head begin with: "transformer."; files of the bare model lack it. */
  prefix: string;
  /** What follows the prefix in a block's names, before its number: "h". */
  blocks: string;
  outer: OuterNames;
  /** How the matrices of the blocks are stored; the tables of tokens always have one row each. */
  stored: Orientation;
  buffers: Buffers;
  /** The linear maps and norms of a block, in the order in which `transformers` registers them (METHODS 1.4). */
  modules: (config: ModelConfig) => readonly (Linear | Norm)[];
  /** How the outputs of `queryKeyValue` are cut: into three thirds, or into three within each head. */
  fused?: "thirds" | "heads";
  /** Whether the MLP reads the block's input beside the attention, in place of its result (METHODS 1.1). */
  parallel: (config: ModelConfig) => boolean;
  /** Which two of the rotated dimensions turn together: neighbours, or one of each half (METHODS 1.2). */
  rotation?: "neighbours" | "halves";
  /**
   * Reads config.json.
   *
   * @throws a field that is missing or out of range, or an option that would change the mathematics
   */
  read: (fields: ConfigFields) => ModelShape;
  /** The fields of a config.json with this shape, beside those that all architectures have; `read` reads them. */
  write: (shape: PublishedShape) => Record<string, unknown>;
}

/** The numbers that tell the sizes of one architecture apart. */
export interface PublishedShape {
  layers: number;
  dModel: number;
  heads: number;
  vocab: number;
  positions: number;
}
