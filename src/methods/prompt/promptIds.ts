import type { Model } from "../../engine/Model.ts";

/**
 * The tokens of a prompt, checked against the model's context. No token is added before them (METHODS 2.2).
 *
 * @param reserve how many positions what follows the prompt needs
 * @throws when the prompt is empty or too long
 */
export function promptIds(
  model: Pick<Model, "tokenizer" | "config">,
  prompt: string,
  reserve = 0,
): number[] {
  if (prompt === "") throw new Error("the prompt is empty; type a sentence to complete");
  const ids = model.tokenizer.encode(prompt);
  const { positions } = model.config;
  if (ids.length + reserve > positions) {
    const needed = `${ids.length} tokens${reserve > 0 ? ` and ${reserve} for what follows` : ""}`;
    throw new Error(
      `the prompt is too long: ${needed} (this model reads ${positions}); shorten it`,
    );
  }
  return ids;
}
