import { createSHA256 } from "hash-wasm";
import { combine } from "./combine.ts";
import { type Delta, isLowRank, shapeOf } from "./delta.ts";

const known = new WeakMap<Pick<Delta, "weights">, Promise<string>>();

/**
 * What a change of weights is known by, whatever file it comes from: SHA-256 in hexadecimal over its weights by name, each
 * with its shape and numbers. Its norms and its provenance make no difference, so that a PEFT adapter that was saved of an
 * edit has the edit's.
 *
 * @throws as {@link combine}
 */
export function deltaDigest(delta: Pick<Delta, "weights">): Promise<string> {
  const digest = known.get(delta) ?? digestOf(delta);
  known.set(delta, digest);
  return digest;
}

async function digestOf({ weights }: Pick<Delta, "weights">): Promise<string> {
  const hash = await createSHA256();
  const byName = combine(weights).sort((a, b) => (a.weight < b.weight ? -1 : 1));
  for (const { weight, change } of byName) {
    const kind = isLowRank(change) ? change.rank : "dense";
    hash.update(`${JSON.stringify([weight, kind, shapeOf(change)])}\n`);
    const parts = isLowRank(change) ? [change.u, change.v] : [change.dense];
    for (const { buffer, byteOffset, byteLength } of parts)
      hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest("hex");
}
