import type { ModelConfig } from "../config.ts";
import { patch } from "./block.ts";
import { Graph } from "./Graph.ts";
import { add, gather } from "./ops.ts";

/**
 * h⁻¹ = wte[id] + wpe[position] (METHODS 1.1); GPT-J has no wpe.
 *
 * Inputs: `ids`, `positions` [batch, token] int32, `wte` [vocab, dModel], `wpe` [positions, dModel].
 * The site `embed` is wte's output, before the positions are added; with `patched` it has a
 * `keep`, `store` and `index` (see `patch`).
 */
export function buildEmbedding(config: ModelConfig, patched: boolean) {
  const graph = new Graph();
  const ids = graph.input("ids", ["batch", "token"], "int32");
  const looked = gather(graph.input("wte.weight", [config.vocab, config.dModel]), ids);
  const embed = patched ? patch("embed", looked) : looked;
  if (config.architecture === "gptj") return { graph, embed, hidden: embed };
  const positions = graph.input("positions", ["batch", "token"], "int32");
  const wpe = graph.input("wpe.weight", [config.positions, config.dModel]);
  return { graph, embed, hidden: add(embed, gather(wpe, positions)) };
}
