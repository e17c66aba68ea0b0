import { architectureOf } from "../architecture/architectures.ts";
import type { ModelConfig } from "../architecture/config.ts";
import { isQuantized, type Precision, bitsOf, blocksOf } from "../checkpoint/precision.ts";
import { patch } from "./BlockScope.ts";
import { Graph, type GraphProgram } from "./Graph.ts";
import { type Expansion, expand, toFloat32 } from "./matrix.ts";
import { add, gather } from "./ops.ts";

/**
 * h⁻¹ = W_e[id] + W_p[position] (METHODS 1.1), without the second where positions are rotated.
 *
 * Inputs: `looked` [batch, token, dModel], the rows of W_e; `positions` [batch, token] int32, `positionEmbedding`
 * [positions, dModel]. The site `embed` is the token embedding's output, before the positions are added; with `patched` it has a
 * `keep`, `store` and `index` (see `patch`).
 */
export function buildEmbedding(config: ModelConfig, patched: boolean) {
  const graph = new Graph();
  const looked = graph.input("looked", ["batch", "token", config.dModel]);
  const embed = patched ? patch("embed", looked) : looked;
  const { outer } = architectureOf(config);
  if (outer.positionEmbedding === undefined) return { graph, embed, hidden: embed };
  const positions = graph.input("positions", ["batch", "token"], "int32");
  const table = graph.input("positionEmbedding", [config.positions, config.dModel]);
  return { graph, embed, hidden: add(embed, gather(table, positions)) };
}

/** Rows of a table in its stored form as float32 `rows` [row, dModel]: from `half`, or from `q` and `scale`. */
export function buildRows(
  { dModel }: ModelConfig,
  form: Exclude<Precision, "f32">,
  expansion: Expansion,
): GraphProgram {
  const graph = new Graph();
  if (!isQuantized(form)) {
    return graph.build({ rows: toFloat32(graph.input("half", ["row", dModel], "float16")) });
  }
  const bits = bitsOf(form);
  const q = graph.input("q", ["row", blocksOf(dModel), 4 * bits], "uint8");
  const scale = graph.input("scale", ["row", blocksOf(dModel)]);
  const at = expansion === "operator" ? graph.input("at", ["row"], "int32") : undefined;
  return graph.build({ rows: expand({ q, scale, bits, inputs: dModel }, expansion, at) });
}
