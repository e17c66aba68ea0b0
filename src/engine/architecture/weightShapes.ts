import { blockWeights } from "./blockWeights.ts";
import type { ModelConfig } from "./config.ts";
import { outerWeights, weightName } from "./weightNames.ts";

/**
 * The shapes of all weights of a model by their names in its checkpoint, as the engine keeps them: matrices
 * [inputs, outputs], vectors [n], tables of tokens or positions [rows, dModel] (METHODS 1.4).
 */
export function weightShapes(config: ModelConfig): Record<string, readonly number[]> {
  const shapes: Record<string, readonly number[]> = {};
  for (const { name, shape, table } of outerWeights(config)) {
    shapes[name] = table ? shape.toReversed() : shape;
  }
  const block = blockWeights(config);
  for (let layer = 0; layer < config.layers; layer++) {
    for (const { key, shape } of block) shapes[weightName(config, layer, key)] = shape;
  }
  return shapes;
}
