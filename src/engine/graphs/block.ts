import type { ModelConfig } from "../architecture/config.ts";
import { attention } from "./attention.ts";
import type { Layout } from "../checkpoint/precision.ts";
import { Graph, type Value } from "./Graph.ts";
import { type Expansion, type Matrix, matrixInput } from "./matrix.ts";
import { add, gather, geluNew, layerNorm, linear, mul } from "./ops.ts";

/** Where a block can be watched and patched (METHODS 1.5). */
export type BlockSite = "attn" | "key" | "mlp" | "hidden";

/** Which inputs and outputs a block program has, beside hidden, mask and the weights. */
export interface BlockVariant {
  /** Keys and values of earlier positions are inputs. */
  past?: boolean;
  /** The active edits of the MLP output matrix are inputs: rank-r factors, or W + ΔW as float32 in the place of W. */
  delta?: "factors" | "dense";
  /** Sites with a `keep`, `store` and `index` input (see `patch`). */
  patch?: readonly BlockSite[];
}

export interface Block {
  graph: Graph;
  /** The block's input [batch, token, dModel]. */
  x: Value;
  /** Every site's value after patching; `key` is [batch, token, dMlp], the rest dModel wide. */
  sites: Record<BlockSite, Value>;
  /** This run's attention keys and values [batch, token, dModel]. */
  keys: Value;
  values: Value;
  /** k W + b with the MLP output matrix, before deltas and patches [batch, token, dModel]. */
  mlpOut: Value;
}

/** How the matrices of a block lie on the device, by the name of each. */
export interface BlockLayouts {
  layouts: Readonly<Record<string, Layout>>;
  expansion: Expansion;
}

/** Everything a block's parts need: the graph, the architecture and the weights by name. */
export interface BlockScope {
  graph: Graph;
  config: ModelConfig;
  weight: (name: string) => Value;
  matrix: (name: string) => Matrix;
  patch: (site: BlockSite, value: Value) => Value;
}

/** The shapes [in, out] (or [n]) of a block's weights, as the engine keeps them (METHODS 1.4). */
export function blockWeights({ architecture, dModel: d, dMlp: f }: ModelConfig) {
  const norm = (name: string) => ({ [`${name}.weight`]: [d], [`${name}.bias`]: [d] });
  const linear = (name: string, n: number, m: number) => ({
    [`${name}.weight`]: [n, m],
    [`${name}.bias`]: [m],
  });
  const weights: Record<string, number[]> =
    architecture === "gpt2"
      ? {
          ...norm("ln_1"),
          ...linear("attn.c_attn", d, 3 * d),
          ...linear("attn.c_proj", d, d),
          ...norm("ln_2"),
          ...linear("mlp.c_fc", d, f),
          ...linear("mlp.c_proj", f, d),
        }
      : {
          ...norm("ln_1"),
          "attn.q_proj.weight": [d, d],
          "attn.k_proj.weight": [d, d],
          "attn.v_proj.weight": [d, d],
          "attn.out_proj.weight": [d, d],
          ...linear("mlp.fc_in", d, f),
          ...linear("mlp.fc_out", f, d),
        };
  return weights;
}

/** The names and shapes [inputs, outputs] of a block's matrices. */
export const blockMatrices = (config: ModelConfig): Record<string, [number, number]> =>
  Object.fromEntries(
    Object.entries(blockWeights(config)).flatMap(([name, shape]) =>
      shape.length === 2 ? [[name, [shape[0], shape[1]]]] : [],
    ),
  );

/** The name of the MLP output matrix: `mlp.c_proj` or `mlp.fc_out`. */
export const mlpOutName = ({ architecture }: ModelConfig) =>
  architecture === "gpt2" ? "mlp.c_proj" : "mlp.fc_out";

/**
 * One transformer block as a graph (METHODS 1.1, 1.2), with hidden [batch, token, dModel] in and out.
 *
 * Inputs: `hidden`, `mask` [batch, 1, token, past+token] (added to the scores), for GPT-J `cos` and
 * `sin` [batch, token, 1, rotaryDim], the weights by their Hugging Face names (matrices as `matrixInput` has them), and by variant
 * `past.keys`, `past.values` [pastBatch, past, dModel] with `past.rows` [batch], `delta.u`
 * [dMlp, rank] with `delta.v` [rank, dModel], and per patched site `keep`, `store`, `index`.
 */
export function buildBlock(
  config: ModelConfig,
  { layouts, expansion }: BlockLayouts,
  variant: BlockVariant = {},
): Block {
  const graph = new Graph();
  const shapes = blockWeights(config);
  const dense = variant.delta === "dense" ? `${mlpOutName(config)}.weight` : undefined;
  const scope: BlockScope = {
    graph,
    config,
    weight: once((name) => graph.input(name, shapes[name])),
    matrix: once((name) => {
      const [inputs, outputs] = shapes[name];
      const stored = layouts[name];
      const layout = name === dense ? { ...stored, form: "f32" as const } : stored;
      return matrixInput(graph, name, { shape: [inputs, outputs], layout, expansion });
    }),
    patch: (site, value) => (variant.patch?.includes(site) ? patch(site, value) : value),
  };
  const x = graph.input("hidden", ["batch", "token", config.dModel]);
  const { attn, keys, values, residual, normal } = attend(scope, x, variant);
  const { key, mlp, mlpOut } = feedForward(scope, normal, variant);
  const hidden = scope.patch("hidden", add(residual, mlp));
  return { graph, x, sites: { attn, key, mlp, hidden }, keys, values, mlpOut };
}

/** A function of a name that is asked once for each. */
function once<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>();
  return (name) => {
    const known = made.get(name) ?? make(name);
    made.set(name, known);
    return known;
  };
}

/** GPT-2's MLP reads LN2(x + attn); GPT-J's reads LN1(x), beside the attention. */
function attend(scope: BlockScope, x: Value, variant: BlockVariant) {
  const first = norm(scope, "ln_1", x);
  const { output, keys, values } = attention(scope, first, variant.past ?? false);
  const attn = scope.patch("attn", output);
  const residual = add(x, attn);
  const normal = scope.config.architecture === "gpt2" ? norm(scope, "ln_2", residual) : first;
  return { attn, keys, values, residual, normal };
}

function norm({ weight, config }: BlockScope, name: string, x: Value): Value {
  const epsilon = config.layerNormEpsilon;
  return layerNorm(x, { weight: weight(`${name}.weight`), bias: weight(`${name}.bias`), epsilon });
}

/** x W + b with the weights of this name. */
export function project({ matrix, weight }: BlockScope, name: string, x: Value): Value {
  return matrix(`${name}.weight`).times(x, weight(`${name}.bias`));
}

function feedForward(scope: BlockScope, x: Value, variant: BlockVariant) {
  const { graph, config } = scope;
  const [inner, outer] = [config.architecture === "gpt2" ? "mlp.c_fc" : "mlp.fc_in"].concat(
    mlpOutName(config),
  );
  const key = scope.patch("key", geluNew(project(scope, inner, x)));
  const base = project(scope, outer, key);
  if (variant.delta !== "factors") return { key, mlp: scope.patch("mlp", base), mlpOut: base };
  const u = graph.input("delta.u", [config.dMlp, "rank"]);
  const v = graph.input("delta.v", ["rank", config.dModel]);
  const changed = add(base, linear(linear(key, u), v));
  return { key, mlp: scope.patch("mlp", changed), mlpOut: base };
}

/**
 * value ⊙ keep + store[index]: with keep 1 and row 0 of the store zero nothing changes; keep 0
 * replaces, keep 1 adds. keep [batch, token, 1], index [batch, token], store [stored, width].
 */
export function patch(site: string, value: Value): Value {
  const { graph } = value;
  const [batch, token, width] = value.shape;
  const keep = graph.input(`${site}.keep`, [batch, token, 1]);
  const store = graph.input(`${site}.store`, [`${site}.stored`, width]);
  const index = graph.input(`${site}.index`, [batch, token], "int32");
  return add(mul(value, keep), gather(store, index));
}
