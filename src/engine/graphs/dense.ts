import type { ModelConfig } from "../config.ts";
import { Graph, type GraphProgram } from "./Graph.ts";
import { add, matMul } from "./ops.ts";

/** W + ΔW [dMlp, dModel] from `w`, `delta.u` [dMlp, rank] and `delta.v` [rank, dModel]. */
export function buildDense({ dMlp, dModel }: ModelConfig): GraphProgram {
  const graph = new Graph();
  const w = graph.input("w", [dMlp, dModel]);
  const u = graph.input("delta.u", [dMlp, "rank"]);
  const v = graph.input("delta.v", ["rank", dModel]);
  return graph.build({ sum: add(w, matMul(u, v)) });
}
