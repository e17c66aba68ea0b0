import { createSHA256 } from "hash-wasm";
import { type Delta, isLowRank, shapeOf } from "./delta.ts";

const known = new WeakMap<Delta["weights"], Promise<string>>();

/**
 * SHA-256 of what a delta changes, 64 hexadecimal digits: names, shapes and numbers of its weights, whatever their order,
 * and nothing of where it came from. The same edit has the same digest in every file and browser.
 */
export function deltaDigest({ weights }: Pick<Delta, "weights">): Promise<string> {
  const found = known.get(weights) ?? digest(weights);
  known.set(weights, found);
  return found;
}

async function digest(weights: Delta["weights"]): Promise<string> {
  const hash = await createSHA256();
  const sorted = [...weights].sort((a, b) => (a.weight < b.weight ? -1 : 1));
  for (const { weight, change } of sorted) {
    const form = isLowRank(change) ? `rank ${change.rank}` : "dense";
    hash.update(JSON.stringify([weight, form, shapeOf(change)]));
    const numbers = isLowRank(change) ? [change.u, change.v] : [change.dense];
    for (const { buffer, byteOffset, byteLength } of numbers)
      hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest("hex");
}
