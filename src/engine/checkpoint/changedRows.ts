import { combine } from "../../data/delta/combine.ts";
import { type Change, isLowRank, type WeightDelta } from "../../data/delta/delta.ts";
import { architectureOf } from "../architecture/architectures.ts";
import type { ModelConfig } from "../architecture/config.ts";
import { namedWeight } from "../architecture/namedWeights.ts";
import { isStoredInOut } from "../architecture/weightNames.ts";
import type { Checkpoint } from "./Checkpoint.ts";
import { transpose } from "./transpose.ts";

/** What a checkpoint's tensors are read from, some rows at a time, as float32 in Hugging Face's shapes. */
export type TensorRows = Pick<Checkpoint, "rows" | "tensor">;

/**
 * A checkpoint with changes folded in: W + ΔW, summed in float64, of any rows of any tensor; one tensor is read at a time.
 *
 * @throws for a weight that the model does not have
 */
export function changedRows(
  checkpoint: Checkpoint,
  config: ModelConfig,
  weights: readonly WeightDelta[],
): TensorRows {
  const changes = new Map(
    combine(weights).map(({ weight, change }) => [weight, storedChange(config, weight, change)]),
  );
  return {
    async rows(name, begin, end) {
      const data = await checkpoint.rows(name, begin, end);
      const change = changes.get(name);
      return change ? added(data, change, begin) : data;
    },
    async tensor(name) {
      const data = await checkpoint.tensor(name);
      const change = changes.get(name);
      return change ? added(data, change, 0) : data;
    },
  };
}

/** ΔW as the checkpoint keeps W: turned where that is [outputs, inputs]. */
function storedChange(config: ModelConfig, name: string, change: Change): Change {
  const { kind, shape } = namedWeight(config, name);
  if (kind !== "matrix" || isStoredInOut(architectureOf(config), name)) return change;
  if (isLowRank(change)) return { rank: change.rank, u: change.v, v: change.u };
  const [inputs, outputs] = shape;
  return { shape: [outputs, inputs], dense: transpose(change.dense, [inputs, outputs]) };
}

/** Rows of W from `begin` on, with theirs of ΔW. */
function added(data: Float32Array, change: Change, begin: number): Float32Array {
  if (!isLowRank(change)) {
    const width = change.shape.slice(1).reduce((product, n) => product * n, 1);
    return data.map((x, i) => x + change.dense[begin * width + i]);
  }
  const { rank, u, v } = change;
  const [height, width] = [u.length / rank, v.length / rank];
  const sums = new Float64Array(width);
  const result = new Float32Array(data.length);
  for (let row = 0; row * width < data.length; row++) {
    sums.set(data.subarray(row * width, (row + 1) * width));
    for (let r = 0; r < rank; r++) {
      const factor = u[r * height + begin + row];
      for (let i = 0; i < width; i++) sums[i] += factor * v[r * width + i];
    }
    result.set(sums, row * width);
  }
  return result;
}
