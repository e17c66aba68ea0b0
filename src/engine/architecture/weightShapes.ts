import type { ModelConfig } from "./config.ts";
import { namedWeights } from "./namedWeights.ts";

/**
 * The shapes of all weights of a model by their names in its checkpoint, as the engine keeps them: matrices
 * [inputs, outputs], vectors [n], tables of tokens or positions [rows, dModel] (METHODS 1.4).
 */
export const weightShapes = (config: ModelConfig): Record<string, readonly number[]> =>
  Object.fromEntries(Array.from(namedWeights(config), ([name, { shape }]) => [name, shape]));
