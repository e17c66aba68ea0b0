import type { ModelConfig } from "../architecture/config.ts";
import { mlpOut } from "../architecture/blockWeights.ts";
import type { BlockLayouts } from "./BlockScope.ts";
import { Graph, type GraphProgram, type Value } from "./Graph.ts";
import { matrixInput, partName } from "./matrix.ts";
import { add, matMul, slice } from "./ops.ts";

/**
 * W + ΔW as float32 [dMlp, dModel], part by part under the names of W's inputs, from W in any form, `delta.u` [dMlp, rank]
 * and `delta.v` [rank, dModel].
 */
export function buildDense(config: ModelConfig, blocks: BlockLayouts): GraphProgram {
  const { graph, name, layout, parts } = mlpOutMatrix(config, blocks);
  const u = graph.input("delta.u", [config.dMlp, "rank"]);
  const v = graph.input("delta.v", ["rank", config.dModel]);
  let begin = 0;
  const sums = parts.map((part, i) => {
    const end = begin + layout.parts[i];
    const columns = parts.length === 1 ? v : slice(v, 1, [begin, end]);
    begin = end;
    return [partName(name, i, layout), add(part, matMul(u, columns))] as const;
  });
  return graph.build(Object.fromEntries(sums));
}

/** W as float32, part by part [dMlp, part] under the names of its inputs. */
export function buildExpanded(config: ModelConfig, blocks: BlockLayouts): GraphProgram {
  const { graph, name, layout, parts } = mlpOutMatrix(config, blocks);
  return graph.build(Object.fromEntries(parts.map((part, i) => [partName(name, i, layout), part])));
}

function mlpOutMatrix(config: ModelConfig, { layouts, expansion }: BlockLayouts) {
  const graph = new Graph();
  const name = mlpOut(config);
  const layout = layouts[name];
  const shape = [config.dMlp, config.dModel] as const;
  const parts: Value[] = matrixInput(graph, name, { shape, layout, expansion }).expanded();
  return { graph, name, layout, parts };
}
