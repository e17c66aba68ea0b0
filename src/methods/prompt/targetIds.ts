import type { Tokenizer } from "../../engine/checkpoint/Tokenizer.ts";

/**
 * The tokens of a target as it follows a prompt: with one leading space, added where it is absent
 * (METHODS 4.1).
 *
 * @throws when the target has no words
 */
export function targetIds(tokenizer: Pick<Tokenizer, "encode">, target: string): number[] {
  if (target.trim() === "") throw new Error("the target is empty; type the words to predict");
  return tokenizer.encode(target.startsWith(" ") ? target : ` ${target}`);
}
