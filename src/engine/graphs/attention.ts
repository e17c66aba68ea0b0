import { type BlockScope, project } from "./block.ts";
import type { Value } from "./Graph.ts";
import { add, concat, gather, matMul, mul, reshape, softmax, split, transpose } from "./ops.ts";

/**
 * Causal self-attention (METHODS 1.2) of x [batch, token, dModel].
 *
 * With `past`, earlier positions' keys and values are gathered by row from kept ones, so that any
 * row may continue any kept run. The mask says what each query may see.
 */
export function attention(scope: BlockScope, x: Value, past: boolean) {
  const { graph, config } = scope;
  const { query, keys, values } = queriesKeysValues(scope, x);
  const rows = past ? graph.input("past.rows", ["batch"], "int32") : undefined;
  const withPast = (name: string, current: Value) => {
    if (!rows) return current;
    const kept = graph.input(`past.${name}`, ["pastBatch", "past", config.dModel]);
    return concat([gather(kept, rows), current], 1);
  };
  const [allKeys, allValues] = [withPast("keys", keys), withPast("values", values)];
  const mask = graph.input("mask", ["batch", 1, "token", allKeys.shape[1]]);

  const headDim = config.dModel / config.heads;
  const heads = (y: Value, order: number[]) =>
    transpose(reshape(y, [0, 0, config.heads, headDim]), order);
  const scaled = mul(query, graph.scalar(1 / Math.sqrt(headDim)));
  const scores = matMul(heads(scaled, [0, 2, 1, 3]), heads(allKeys, [0, 2, 3, 1]));
  const mixed = matMul(softmax(add(scores, mask)), heads(allValues, [0, 2, 1, 3]));
  const merged = reshape(transpose(mixed, [0, 2, 1, 3]), [0, 0, config.dModel]);
  const output =
    config.architecture === "gpt2"
      ? project(scope, "attn.c_proj", merged)
      : scope.matrix("attn.out_proj.weight").times(merged);
  return { output, keys, values };
}

/** Queries, keys and values [batch, token, dModel]; GPT-J's first two are rotated already. */
function queriesKeysValues(scope: BlockScope, x: Value) {
  const { config, matrix } = scope;
  if (config.architecture === "gpt2") {
    const parts = Array<number>(3).fill(config.dModel);
    const [query, keys, values] = split(project(scope, "attn.c_attn", x), parts, 2);
    return { query, keys, values };
  }
  const projected = (name: string) => matrix(`attn.${name}_proj.weight`).times(x);
  const rotated = rotary(scope);
  return {
    query: rotated(projected("q")),
    keys: rotated(projected("k")),
    values: projected("v"),
  };
}

/**
 * Rotary position of the first rotaryDim of each head, in interleaved pairs (METHODS 1.2).
 *
 * x cos + (x R) sin, where R turns each pair (a, b) into (−b, a).
 */
function rotary({ graph, config }: BlockScope) {
  const { heads, dModel, rotaryDim } = config;
  const headDim = dModel / heads;
  const turn = graph.constant(quarterTurns(rotaryDim), [rotaryDim, rotaryDim]);
  const cos = graph.input("cos", ["batch", "token", 1, rotaryDim]);
  const sin = graph.input("sin", ["batch", "token", 1, rotaryDim]);
  const rotate = (x: Value) => add(mul(x, cos), mul(matMul(x, turn), sin));
  return (x: Value) => {
    const perHead = reshape(x, [0, 0, heads, headDim]);
    if (rotaryDim === headDim) return reshape(rotate(perHead), [0, 0, dModel]);
    const [turned, rest] = split(perHead, [rotaryDim, headDim - rotaryDim], 3);
    return reshape(concat([rotate(turned), rest], 3), [0, 0, dModel]);
  };
}

function quarterTurns(n: number): Float32Array {
  const turn = new Float32Array(n * n);
  for (let i = 0; i < n; i += 2) {
    turn[(i + 1) * n + i] = -1;
    turn[i * n + i + 1] = 1;
  }
  return turn;
}
