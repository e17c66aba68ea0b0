import { expect } from "vitest";
import type { Golden } from "./goldenModel.ts";

export async function checkGreedy({ model, engine }: Golden): Promise<void> {
  for (const [i, tokens] of engine.tokens.entries()) {
    const [row] = await model.generate([tokens], { newTokens: engine.greedy[i].length });
    expect(row.slice(tokens.length)).toEqual(engine.greedy[i]);
  }
}

/** What a generation must pass. */
export const generateChecks = { "greedy generation": checkGreedy };
