import { blockWeights } from "../graphs/block.ts";
import { headName, headVectors } from "../graphs/unembedding.ts";
import type { ModelConfig } from "./config.ts";

/**
 * The shapes of all weights of a model by their names in its checkpoint, as the engine keeps them: matrices
 * [inputs, outputs], vectors [n], tables of tokens or positions [rows, dModel] (METHODS 1.4).
 */
export function weightShapes(config: ModelConfig): Record<string, readonly number[]> {
  const { vocab, dModel, positions, layers, architecture } = config;
  const shapes: Record<string, readonly number[]> = { "transformer.wte.weight": [vocab, dModel] };
  if (architecture === "gpt2") shapes["transformer.wpe.weight"] = [positions, dModel];
  const block = Object.entries(blockWeights(config));
  for (let layer = 0; layer < layers; layer++) {
    for (const [key, shape] of block) shapes[weightName(layer, key)] = shape;
  }
  for (const [key, shape] of Object.entries(headVectors(config))) shapes[outerName(key)] = shape;
  if (headName(config) === "lm_head.weight") shapes["lm_head.weight"] = [vocab, dModel];
  return shapes;
}

/** A block weight's name in the checkpoint: "transformer.h.3.mlp.c_proj.weight". */
export const weightName = (layer: number, key: string): string => `transformer.h.${layer}.${key}`;

const outerName = (key: string) => (key.startsWith("lm_head.") ? key : `transformer.${key}`);
