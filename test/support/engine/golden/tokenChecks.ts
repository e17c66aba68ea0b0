import { expect } from "vitest";
import type { Golden } from "./goldenModel.ts";

export function checkTokens({ model, engine }: Golden): void {
  expect(engine.prompts.map((prompt) => model.tokenizer.encode(prompt))).toEqual(engine.tokens);
  expect(engine.targets.map((target) => model.tokenizer.encode(target))).toEqual(
    engine.target_tokens,
  );
}

/** What a golden model's tokenizer must pass. */
export const tokenChecks = {
  "token ids": (golden: Golden) => Promise.resolve(checkTokens(golden)),
};
