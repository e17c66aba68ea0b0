import type { Tensor } from "onnxruntime-common";
import { denseOf } from "../../data/delta/combine.ts";
import { type Change, isLowRank, type LowRank } from "../../data/delta/delta.ts";
import type { Gpu } from "../../kernels/device/Gpu.ts";
import { rankUpdate } from "../../kernels/products/rankUpdate.ts";
import type { NamedWeight } from "../architecture/namedWeights.ts";
import { columnsOf } from "../checkpoint/columns.ts";
import { transpose } from "../checkpoint/transpose.ts";
import { buildSum, sumName } from "../graphs/sum.ts";
import type { OnDevice } from "./OnDevice.ts";
import { expandedPart, tensorsOf, type WeightPart, weightParts } from "./weightParts.ts";

/**
 * W + ΔW as float32 in the place of W: tensors under the names of W's inputs, part by part as W lies. The caller releases
 * them. On a device a product of factors is added by the rank-r kernel, elsewhere and for a dense change by a graph.
 */
export async function weightSum(
  model: OnDevice,
  weight: NamedWeight,
  change: Change,
): Promise<Record<string, Tensor>> {
  if (weight.kind === "plain") return { [weight.key]: await plainSum(model, weight, change) };
  const sums: Record<string, Tensor> = {};
  for (const part of weightParts(model, weight)) {
    const added = partOf(change, weight, part);
    const { gpu } = model;
    sums[part.name] =
      gpu && isLowRank(added)
        ? await updated(model, part, { gpu, added })
        : await summed(model, part, added);
  }
  return sums;
}

/** A bias, a norm or the positions: few numbers, added here. */
async function plainSum(model: OnDevice, weight: NamedWeight, change: Change): Promise<Tensor> {
  const { memory } = model;
  const frozen = await memory.read(tensorsOf(model, weight)[weight.key]);
  const added = denseOf(change);
  return memory.upload(
    frozen.map((x, i) => x + added[i]),
    weight.shape,
  );
}

/** Of ΔW what belongs to a part: columns of a matrix, rows of a table. */
function partOf(change: Change, { kind, shape }: NamedWeight, { spec, first }: WeightPart): Change {
  const [rows, columns] = shape;
  const count = spec.shape[1];
  const cut = (data: Float32Array, height: number, of: number) =>
    columnsOf(data, { rows: height, of, first, columns: count });
  if (!isLowRank(change)) {
    const { dense } = change;
    return kind === "table"
      ? {
          shape: [count, columns],
          dense: dense.subarray(first * columns, (first + count) * columns),
        }
      : { shape: [rows, count], dense: cut(dense, rows, columns) };
  }
  const { rank, u, v } = change;
  return kind === "table"
    ? { rank, u: cut(u, rank, rows), v }
    : { rank, u, v: cut(v, rank, columns) };
}

async function updated(
  model: OnDevice,
  part: WeightPart,
  { gpu, added: { rank, u, v } }: { gpu: Gpu; added: LowRank },
): Promise<Tensor> {
  const { memory } = model;
  const sum = await expandedPart(model, part);
  const [inputs, outputs] = [u.length / rank, v.length / rank];
  const factors = [memory.upload(u, [rank, inputs]), memory.upload(v, [rank, outputs])];
  const [left, right] = factors.map(({ gpuBuffer }) => gpuBuffer);
  const how = { inputs, outputs, rank, layout: "[inputs, outputs]", sign: "+" } as const;
  await rankUpdate(gpu, { w: sum.gpuBuffer, u: left, v: right }, how);
  for (const factor of factors) memory.release(factor);
  return sum;
}

async function summed(model: OnDevice, part: WeightPart, added: Change): Promise<Tensor> {
  const { memory, programs } = model;
  const kind = isLowRank(added) ? "factors" : "dense";
  const program = await programs.get(sumName(part.spec, kind), () => buildSum(part.spec, kind));
  const feeds = changeFeeds(model, added);
  const { sum } = await program.run({ ...part.feeds, ...feeds });
  for (const tensor of Object.values(feeds)) memory.release(tensor);
  return sum;
}

function changeFeeds({ memory }: OnDevice, change: Change): Record<string, Tensor> {
  if (!isLowRank(change)) return { dense: memory.upload(change.dense, change.shape) };
  const { rank, u, v } = change;
  const [inputs, outputs] = [u.length / rank, v.length / rank];
  return {
    u: memory.upload(transpose(u, [rank, inputs]), [inputs, rank]),
    v: memory.upload(v, [rank, outputs]),
  };
}
