import { architectureOf } from "../architecture/architectures.ts";
import type { ModelConfig } from "../architecture/config.ts";
import { attention } from "./attention.ts";
import {
  type BlockLayouts,
  BlockScope,
  type BlockSite,
  type BlockVariant,
  type LinearValues,
} from "./BlockScope.ts";
import type { Graph, Value } from "./Graph.ts";
import { gelu, geluNew } from "./activations.ts";
import { add } from "./ops.ts";

export interface Block {
  graph: Graph;
  /** The block's input [batch, token, dModel]. */
  x: Value;
  /** Every site's value after patching; `key` is [batch, token, dMlp], the rest dModel wide. */
  sites: Record<BlockSite, Value>;
  /** This run's attention keys and values [batch, token, dModel]. */
  keys: Value;
  values: Value;
  /** Every linear map by the key of its matrix, with what goes in and x W + b that comes out, before deltas and patches. */
  linears: Readonly<Record<string, LinearValues>>;
  /** The biases and the norms' weights as they are fed, by key. */
  vectors: ReadonlyMap<string, Value>;
}

/**
 * One transformer block as a graph (METHODS 1.1, 1.2), with hidden [batch, token, dModel] in and out.
 *
 * Inputs: `hidden`, `mask` [batch, 1, token, past+token] (added to the scores), where positions are rotated `cos` and
 * `sin` [batch, token, 1, rotaryDim], the weights by their keys (matrices as `matrixInput` has them), and by variant
 * `past.keys`, `past.values` [pastBatch, past, dModel] with `past.rows` [batch], factors `<key>.u`
 * [inputs, rank] with `<key>.v` [rank, outputs], and per patched site `keep`, `store`, `index`.
 */
export function buildBlock(
  config: ModelConfig,
  layouts: BlockLayouts,
  variant: BlockVariant = {},
): Block {
  const scope = new BlockScope(config, layouts, variant);
  const { graph, linears, vectors } = scope;
  const x = graph.input("hidden", ["batch", "token", config.dModel]);
  const { attn, keys, values, residual, normal } = attend(scope, x);
  const activate = config.activation === "gelu" ? gelu : geluNew;
  const key = scope.patch("key", activate(scope.linear("mlpIn", normal)));
  const mlp = scope.patch("mlp", scope.linear("mlpOut", key));
  const hidden = scope.patch("hidden", add(residual, mlp));
  return { graph, x, sites: { attn, key, mlp, hidden }, keys, values, linears, vectors };
}

/** The attention, x with it, and what the MLP reads: a norm of that sum, of x where the block is parallel, or the attention's. */
function attend(scope: BlockScope, x: Value) {
  const first = scope.norm("attnNorm", x) ?? x;
  const { output, keys, values } = attention(scope, first);
  const attn = scope.patch("attn", output);
  const residual = add(x, attn);
  const parallel = architectureOf(scope.config).parallel(scope.config);
  const normal = scope.norm("mlpNorm", parallel ? x : residual) ?? first;
  return { attn, keys, values, residual, normal };
}
