import type { ModelConfig } from "../src/engine/architecture/config.ts";

/**
 * Operations (a product and a sum are two) of the matrix products of all blocks, for `batch` rows of
 * `tokens` tokens: per token 4d² weights of attention and 2df of the MLP, and 2·T·d products of scores
 * and values, uncut by the causal mask.
 */
export function blockFlops(
  { layers, dModel, dMlp }: Pick<ModelConfig, "layers" | "dModel" | "dMlp">,
  batch: number,
  tokens: number,
): number {
  const weights = 4 * dModel ** 2 + 2 * dModel * dMlp;
  return 2 * layers * batch * tokens * (weights + 2 * tokens * dModel);
}
