import { type Change, type Delta, isLowRank } from "./delta.ts";
import { deltaDigest } from "./digest.ts";

/**
 * An edit with its ΔW multiplied by a number: an edit of its own, with a digest of its own, whose provenance says at what
 * strength it is, and of what. At 1 it is the edit itself.
 */
export async function atStrength(delta: Delta, strength: number): Promise<Delta> {
  if (strength === 1) return delta;
  const { provenance, weights } = delta;
  return {
    provenance: {
      ...provenance,
      strength: (provenance.strength ?? 1) * strength,
      whole: provenance.whole ?? (await deltaDigest(delta)),
    },
    weights: weights.map(({ weight, change, norm }) => {
      const scaled = { weight, change: times(change, strength) };
      return norm === undefined ? scaled : { ...scaled, norm: norm * strength };
    }),
  };
}

function times(change: Change, factor: number): Change {
  if (isLowRank(change)) {
    const { rank, u, v } = change;
    return { rank, u, v: v.map((x) => factor * x) };
  }
  return { shape: change.shape, dense: change.dense.map((x) => factor * x) };
}
