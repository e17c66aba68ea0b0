import type { Orientation } from "../architecture/Architecture.ts";
import { blockWeights } from "../architecture/blockWeights.ts";
import type { ModelConfig } from "../architecture/config.ts";
import { type OuterWeight, outerWeights, weightName } from "../architecture/weightNames.ts";

/** One tensor of a checkpoint: its Hugging Face name and stored shape, METHODS 1.4. */
export interface PlannedTensor {
  name: string;
  shape: number[];
  /**
   * "inOut" and "outIn" are the matrices of the blocks, "table" [vocab, dModel] the embedding of tokens and the head;
   * "plain" is what is never quantized.
   */
  kind: Orientation | "table" | "plain";
  /** What it begins as in a model that knows nothing: 1 in a norm, 0 in a bias, else random. */
  starts: "random" | 0 | 1;
  /** Whether what it makes is added to the residual stream. */
  residual: boolean;
}

/** One file of a converted or synthetic checkpoint. */
export interface PlannedShard {
  path: string;
  tensors: PlannedTensor[];
}

/** The files of a model's checkpoint: the embedding, one for each layer, the head. */
export function shardPlan(config: ModelConfig): PlannedShard[] {
  const { layers } = config;
  const outer = outerWeights(config);
  const isEmbedding = ({ key }: OuterWeight) => key.endsWith("Embedding");
  const digits = Math.max(2, String(layers - 1).length);
  return [
    { path: "embedding.safetensors", tensors: outer.filter(isEmbedding).map(outerTensor) },
    ...Array.from({ length: layers }, (_, layer) => ({
      path: `layer-${String(layer).padStart(digits, "0")}.safetensors`,
      tensors: blockTensors(config, layer),
    })),
    {
      path: "head.safetensors",
      tensors: outer.filter((weight) => !isEmbedding(weight)).map(outerTensor),
    },
  ];
}

function outerTensor({ key, name, shape, table }: OuterWeight): PlannedTensor {
  const residual = false;
  if (table) return { name, shape: shape.toReversed(), kind: "table", starts: "random", residual };
  const starts = key === "positionEmbedding" ? "random" : key === "finalNorm.weight" ? 1 : 0;
  return { name, shape, kind: "plain", starts, residual };
}

const blockTensors = (config: ModelConfig, layer: number): PlannedTensor[] =>
  blockWeights(config).map(({ key, role, kind, shape, stored }) => ({
    name: weightName(config, layer, key),
    shape: stored === "outIn" ? shape.toReversed() : [...shape],
    kind: stored ?? "plain",
    starts: kind === "matrix" ? "random" : kind === "gain" ? 1 : 0,
    residual: kind === "matrix" && (role === "attnOut" || role === "mlpOut"),
  }));
