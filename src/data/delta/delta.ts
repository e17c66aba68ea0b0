import type { Provenance } from "./provenance.ts";

/** ΔW [inputs, outputs] = uᵀv of a matrix. */
export interface LowRank {
  rank: number;
  /** [rank, inputs] row-major. */
  u: Float32Array;
  /** [rank, outputs] row-major. */
  v: Float32Array;
}

/** ΔW as it is, row-major. */
export interface Dense {
  /** [inputs, outputs] of a matrix, [n] of a bias or a norm, [tokens, dModel] of a table of tokens. */
  shape: readonly number[];
  dense: Float32Array;
}

/** ΔW of a weight in the engine's orientation: [inputs, outputs] for matrices whatever the checkpoint stores, [n] for biases and norms. */
export type Change = LowRank | Dense;

/** The change of one weight. */
export interface WeightDelta {
  /** As the checkpoint calls it: "transformer.h.3.ln_1.bias". */
  weight: string;
  change: Change;
  /** ‖ΔW‖/‖W‖. */
  norm?: number;
}

/** An edit as changes on top of frozen weights. */
export interface Delta {
  provenance: Provenance;
  weights: WeightDelta[];
}

export const isLowRank = (change: Change): change is LowRank => "rank" in change;

/** The shape of ΔW. */
export const shapeOf = (change: Change): readonly number[] =>
  isLowRank(change) ? [change.u.length / change.rank, change.v.length / change.rank] : change.shape;

/** The layer that a checkpoint's name tells, counted from 0; none for embeddings, the final norm and the head. */
export function layerOf(weight: string): number | undefined {
  const layer = /\.(\d+)\./.exec(weight)?.[1];
  return layer === undefined ? undefined : Number(layer);
}

/** The layers that a delta changes, ascending. */
export function layersOf({ weights }: Pick<Delta, "weights">): number[] {
  const layers = new Set(weights.flatMap(({ weight }) => layerOf(weight) ?? []));
  return [...layers].sort((a, b) => a - b);
}
