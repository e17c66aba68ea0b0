import type { Precision } from "../checkpoint/precision.ts";
import { Graph, type GraphProgram, type Shape } from "./Graph.ts";
import { type Expansion, matrixInput } from "./matrix.ts";
import { add, matMul } from "./ops.ts";

/** One part of a matrix, and how it lies on the device. */
export interface PartSpec {
  /** [inputs, outputs] of this part. */
  shape: readonly [number, number];
  form: Precision;
  /** Whether it is a table of tokens, with a row for each output. */
  outMajor: boolean;
  expansion: Expansion;
}

/** What is added to a part: a product of factors, or numbers for each of its places. */
export type Added = "factors" | "dense";

/**
 * `sum`: a part of W as float32 as it lies, [inputs, outputs], or [outputs, inputs] of a table; with ΔW added where it is
 * given as `u` [rows, rank] and `v` [rank, columns], or as `dense` [rows, columns]. W is fed as `matrixInput` has it, called `w`.
 */
export function buildSum(
  { shape, form, outMajor, expansion }: PartSpec,
  added?: Added,
): GraphProgram {
  const graph = new Graph();
  const layout = { form, parts: [shape[1]] };
  const [w] = matrixInput(graph, "w", { shape, layout, outMajor, expansion }).stored();
  return graph.build({ sum: added ? add(w, change(graph, w.shape, added)) : w });
}

function change(graph: Graph, [rows, columns]: Shape, added: Added) {
  if (added === "dense") return graph.input("dense", [rows, columns]);
  return matMul(graph.input("u", [rows, "rank"]), graph.input("v", ["rank", columns]));
}

/** What a part's program is called among the compiled ones. */
export const sumName = ({ shape, form, outMajor }: PartSpec, added?: Added): string =>
  `sum/${added ?? ""}/${form}/${shape.join("x")}/${outMajor}`;
