import { blockWeights } from "./blockWeights.ts";
import type { ModelConfig } from "./config.ts";
import { type OuterKey, outerWeights, weightName } from "./weightNames.ts";

/** A weight by its name in the checkpoint, and where the engine has it. */
export interface NamedWeight {
  /** "transformer.h.3.mlp.c_proj.weight". */
  name: string;
  /** Absent outside the blocks. */
  layer: number | undefined;
  /** Within the block, or an {@link OuterKey}. */
  key: string;
  /** A linear map of a block; a table of tokens; anything that lies whole as float32. */
  kind: "matrix" | "table" | "plain";
  /** [inputs, outputs] of a matrix whatever the checkpoint stores, [n], [rows, dModel] of tokens or positions. */
  shape: readonly number[];
}

/** All weights of a model by their names (METHODS 1.4): what lies outside the blocks first. */
export function namedWeights(config: ModelConfig): Map<string, NamedWeight> {
  const weights = new Map<string, NamedWeight>();
  for (const { name, key, shape, table } of outerWeights(config)) {
    const kind = table ? "table" : "plain";
    const turned = table ? [shape[1], shape[0]] : shape;
    weights.set(name, { name, layer: undefined, key: key satisfies OuterKey, kind, shape: turned });
  }
  const block = blockWeights(config);
  for (let layer = 0; layer < config.layers; layer++) {
    for (const { key, kind, shape } of block) {
      const name = weightName(config, layer, key);
      const own = kind === "matrix" ? "matrix" : "plain";
      weights.set(name, { name, layer, key, kind: own, shape });
    }
  }
  return weights;
}

/**
 * One weight of a model.
 *
 * @throws a sentence for a name that the model does not have
 */
export function namedWeight(config: ModelConfig, name: string): NamedWeight {
  const found = namedWeights(config).get(name);
  if (found) return found;
  throw new Error(`${config.name} has no weight ${name}; use its name in the checkpoint`);
}
