import type { Tensor } from "onnxruntime-common";
import type { NamedWeight } from "../architecture/namedWeights.ts";
import type { TableKey } from "../architecture/weightNames.ts";
import { partName } from "../graphs/matrix.ts";
import { buildSum, type PartSpec, sumName } from "../graphs/sum.ts";
import type { OnDevice } from "./OnDevice.ts";

/** One part of a matrix or table on the device. */
export interface WeightPart {
  spec: PartSpec;
  /** What the graphs call it. */
  name: string;
  /** The first of its outputs; of a table, of its tokens. */
  first: number;
  /** Its tensors, as `buildSum` is fed them. */
  feeds: Record<string, Tensor>;
}

/** What a weight of the frozen model consists of on the device, by what the graphs call it. */
export const tensorsOf = ({ weights }: OnDevice, { layer }: NamedWeight) =>
  layer === undefined ? weights.outer : weights.layers[layer];

/** The parts of a matrix or table, in the order of their outputs. */
export function weightParts(model: OnDevice, weight: NamedWeight): WeightPart[] {
  const outMajor = weight.kind === "table";
  const { layouts, tables, expansion } = model.layout;
  const layout = outMajor ? tables[weight.key as TableKey]! : layouts[weight.key];
  const inputs = weight.shape[outMajor ? 1 : 0];
  const tensors = tensorsOf(model, weight);
  let next = 0;
  return layout.parts.map((outputs, i) => {
    const name = partName(weight.key, i, layout);
    const first = next;
    next += outputs;
    const feeds: Record<string, Tensor> = {};
    for (const suffix of ["", ".q", ".scale"]) {
      const tensor = tensors[name + suffix];
      if (tensor) feeds[`w${suffix}`] = tensor;
    }
    const spec = { shape: [inputs, outputs] as const, form: layout.form, outMajor, expansion };
    return { spec, name, first, feeds };
  });
}

/** A part as float32 as it lies, in a tensor of its own; the caller releases it. */
export async function expandedPart(model: OnDevice, part: WeightPart): Promise<Tensor> {
  const { memory, programs } = model;
  const { w } = part.feeds;
  if (part.spec.form === "f32") {
    const copy = memory.allocate(w.dims);
    memory.copy(copy, [{ from: w, source: 0, target: 0, length: w.size }]);
    return copy;
  }
  const program = await programs.get(sumName(part.spec), () => buildSum(part.spec));
  return (await program.run(part.feeds)).sum;
}
