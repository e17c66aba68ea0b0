import type { LinearRole, NormRole } from "../architecture/Architecture.ts";
import { blockWeights, moduleOf } from "../architecture/blockWeights.ts";
import type { ModelConfig } from "../architecture/config.ts";
import type { Layout } from "../checkpoint/precision.ts";
import { Graph, type Value } from "./Graph.ts";
import { type Expansion, type Matrix, matrixInput } from "./matrix.ts";
import { add, gather, layerNorm, linear, mul } from "./ops.ts";

/** Where a block can be watched and patched (METHODS 1.5). */
export type BlockSite = "attn" | "key" | "mlp" | "hidden";

/** Which inputs and outputs a block program has, beside hidden, mask and the weights. */
export interface BlockVariant {
  /** Keys and values of earlier positions are inputs. */
  past?: boolean;
  /** How the changes of matrices are fed, by their keys: as rank-r factors, or W + ΔW as float32 in the place of W. */
  deltas?: Readonly<Record<string, "factors" | "sum">> | undefined;
  /** Sites with a `keep`, `store` and `index` input (see `patch`). */
  patch?: readonly BlockSite[];
}

/** How the matrices of a block lie on the device, by the key of each. */
export interface BlockLayouts {
  layouts: Readonly<Record<string, Layout>>;
  expansion: Expansion;
}

/** What goes into a linear map, and x W + b that comes out of it, before any delta. */
export interface LinearValues {
  /** [batch, token, inputs]. */
  input: Value;
  /** [batch, token, outputs]. */
  output: Value;
}

/** What a block's parts are made with: the graph, the weights by key, and what the variant adds to them. */
export class BlockScope {
  readonly graph = new Graph();
  readonly config: ModelConfig;
  readonly variant: BlockVariant;
  /** The linear maps so far, by the keys of their matrices. */
  readonly linears: Record<string, LinearValues> = {};
  readonly #shapes: ReadonlyMap<string, readonly number[]>;
  readonly #layouts: BlockLayouts;
  /** The biases and the norms' weights so far, by key. */
  readonly vectors = new Map<string, Value>();
  readonly #matrices = new Map<string, Matrix>();

  constructor(config: ModelConfig, layouts: BlockLayouts, variant: BlockVariant) {
    this.config = config;
    this.variant = variant;
    this.#layouts = layouts;
    this.#shapes = new Map(blockWeights(config).map(({ key, shape }) => [key, shape]));
  }

  /** A bias or a norm's weight [n], as an input of the graph. */
  vector(key: string): Value {
    const known = this.vectors.get(key) ?? this.graph.input(key, this.#shapes.get(key)!);
    this.vectors.set(key, known);
    return known;
  }

  /** x W + b with the linear map of this role, and its delta. Throws where the architecture has none. */
  linear(role: LinearRole, x: Value): Value {
    const module = moduleOf(this.config, role);
    if (!module) throw new Error(`a block of ${this.config.architecture} has no ${role}`);
    const key = `${module.name}.weight`;
    const matrix = this.#matrix(key);
    const bias = module.bias ? this.vector(`${module.name}.bias`) : undefined;
    const output = matrix.times(x, bias);
    this.linears[key] = { input: x, output };
    return this.#changed(key, x, output);
  }

  /** The layer norm of this role; undefined where the architecture has none. */
  norm(role: NormRole, x: Value): Value | undefined {
    const module = moduleOf(this.config, role);
    if (!module) return undefined;
    const weight = this.vector(`${module.name}.weight`);
    const bias = this.vector(`${module.name}.bias`);
    return layerNorm(x, { weight, bias, epsilon: this.config.layerNormEpsilon });
  }

  /** The value of a site, patched where the variant says so. */
  patch(site: BlockSite, value: Value): Value {
    return this.variant.patch?.includes(site) ? patch(site, value) : value;
  }

  #matrix(key: string): Matrix {
    const known = this.#matrices.get(key);
    if (known) return known;
    const [inputs, outputs] = this.#shapes.get(key)!;
    const stored = this.#layouts.layouts[key];
    const { expansion } = this.#layouts;
    const summed = this.variant.deltas?.[key] === "sum";
    const layout = summed ? { ...stored, form: "f32" as const } : stored;
    const matrix = matrixInput(this.graph, key, { shape: [inputs, outputs], layout, expansion });
    this.#matrices.set(key, matrix);
    return matrix;
  }

  /** x W + b + (x u) v, where the variant has factors for this matrix. */
  #changed(key: string, x: Value, output: Value): Value {
    if (this.variant.deltas?.[key] !== "factors") return output;
    const [inputs, outputs] = this.#shapes.get(key)!;
    const rank = rankName(key);
    const u = this.graph.input(`${key}.u`, [inputs, rank]);
    const v = this.graph.input(`${key}.v`, [rank, outputs]);
    return add(output, linear(linear(x, u), v));
  }
}

/** What the rank of a matrix's factors is called among a graph's axes. */
export const rankName = (key: string): string => `${key}.rank`;

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
