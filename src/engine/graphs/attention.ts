import { architectureOf } from "../architecture/architectures.ts";
import { moduleOf } from "../architecture/blockWeights.ts";
import type { BlockScope } from "./BlockScope.ts";
import type { Value } from "./Graph.ts";
import { add, concat, gather, matMul, mul, reshape, softmax, split, transpose } from "./ops.ts";

/**
 * Causal self-attention (METHODS 1.2) of x [batch, token, dModel].
 *
 * With `past`, earlier positions' keys and values are gathered by row from kept ones, so that any
 * row may continue any kept run. The mask says what each query may see.
 */
export function attention(scope: BlockScope, x: Value) {
  const { graph, config, variant } = scope;
  const { query, keys, values } = queriesKeysValues(scope, x);
  const rows = variant.past ? graph.input("past.rows", ["batch"], "int32") : undefined;
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
  return { output: scope.linear("attnOut", merged), keys, values };
}

/** Queries, keys and values [batch, token, dModel]; the first two are rotated already, where positions are. */
function queriesKeysValues(scope: BlockScope, x: Value) {
  const rotated = rotary(scope);
  if (moduleOf(scope.config, "queryKeyValue")) {
    const [query, keys, values] = fusedParts(scope, x);
    return { query: rotated(query), keys: rotated(keys), values };
  }
  return {
    query: rotated(scope.linear("query", x)),
    keys: rotated(scope.linear("key", x)),
    values: scope.linear("value", x),
  };
}

/** The three parts of one projection [batch, token, 3 · dModel]: its thirds, or those of each head. */
function fusedParts(scope: BlockScope, x: Value): Value[] {
  const { heads, dModel } = scope.config;
  const fused = scope.linear("queryKeyValue", x);
  if (architectureOf(scope.config).fused !== "heads") {
    return split(fused, Array<number>(3).fill(dModel), 2);
  }
  const headDim = dModel / heads;
  const perHead = reshape(fused, [0, 0, heads, 3 * headDim]);
  const parts = split(perHead, Array<number>(3).fill(headDim), 3);
  return parts.map((part) => reshape(part, [0, 0, dModel]));
}

/**
 * Rotary position of the first rotaryDim of each head (METHODS 1.2); nothing where there are none.
 *
 * x cos + (x R) sin, where R turns each pair (a, b) into (−b, a).
 */
function rotary({ graph, config }: BlockScope): (x: Value) => Value {
  const { heads, dModel, rotaryDim } = config;
  if (rotaryDim === 0) return (x) => x;
  const headDim = dModel / heads;
  const apart = architectureOf(config).rotation === "halves" ? rotaryDim / 2 : 1;
  const turn = graph.constant(quarterTurns(rotaryDim, apart), [rotaryDim, rotaryDim]);
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

/** R [n, n], where the two dimensions of a pair lie `apart` from each other. */
function quarterTurns(n: number, apart: number): Float32Array {
  const turn = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    if (Math.floor(i / apart) % 2 === 1) continue; // the second of a pair
    turn[(i + apart) * n + i] = -1;
    turn[i * n + i + apart] = 1;
  }
  return turn;
}
