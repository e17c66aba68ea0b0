import { blockWeights } from "../architecture/blockWeights.ts";
import type { ModelConfig } from "../architecture/config.ts";
import { type Block, buildBlock } from "./block.ts";
import type { BlockLayouts, BlockSite, BlockVariant, LinearValues } from "./BlockScope.ts";
import type { Value } from "./Graph.ts";
import { flattenRows, gemm, reduceSum, slice } from "./ops.ts";

/**
 * What a block's gradient is asked for, beside that of its input: a site, or a weight by its key; or of a linear map what
 * went in, or the gradient of what came out, whose product is the matrix's.
 */
export type BlockGradient = { site: BlockSite } | { key: string; part?: LinearPart | undefined };

export type LinearPart = "input" | "output";

/** What a gradient is called among a program's outputs. */
export const gradientName = (at: BlockGradient): string =>
  "site" in at ? at.site : `${at.key}${at.part ? `/${at.part}` : ""}`;

/** What part of a matrix's gradient is called, which is cut as the matrix is. */
export const gradientPart = (name: string, part: number): string => `${name}/${part}`;

/**
 * A block with its vector–Jacobian products, to be split at `boundary`: `x` and each gradient by its name, a matrix's
 * ∂/∂W [inputs, part] = Σ x dyᵀ over all positions part by part, whatever form W is kept in; dy is that of x W + b.
 */
export function buildBlockGradient(
  config: ModelConfig,
  layouts: BlockLayouts,
  variant: BlockVariant,
  wrt: readonly BlockGradient[] = [],
) {
  const block = buildBlock(config, layouts, variant);
  const { graph, x: input, sites } = block;
  const boundary = graph.size;
  const sources = wrt.map((at) => sourceOf(config, block, at));
  const dy = graph.input("gradient", sites.hidden.shape);
  const wanted = [...new Set([input, ...sources.map(({ value }) => value)])];
  const found = graph.vjp(sites.hidden, dy, wanted);
  const gradients = new Map(wanted.map((value, i) => [value, found[i]]));
  const backward: Record<string, Value> = { x: found[0] };
  wrt.forEach((at, i) => {
    const { value, linear } = sources[i];
    Object.assign(backward, outputs(at, { dy: gradients.get(value)!, linear, layouts }));
  });
  return { graph, hidden: sites.hidden, backward, boundary };
}

/** What is differentiated by, and the linear map that it comes from. */
interface Source {
  value: Value;
  linear?: LinearValues;
}

function sourceOf(config: ModelConfig, block: Block, at: BlockGradient): Source {
  if ("site" in at) return { value: block.sites[at.site] };
  const { module, kind } = blockWeights(config).find(({ key }) => key === at.key)!;
  const linear = block.linears[`${module}.weight`] as LinearValues | undefined;
  // A norm's weight and bias are inputs of the graph, and its own gradient gives theirs.
  if (!linear) return { value: block.vectors.get(at.key)! };
  return kind === "matrix" ? { value: linear.output, linear } : { value: linear.output };
}

function outputs(
  at: BlockGradient,
  { dy, linear, layouts }: { dy: Value; linear: LinearValues | undefined; layouts: BlockLayouts },
): Record<string, Value> {
  const name = gradientName(at);
  if ("site" in at) return { [name]: dy };
  if (!linear) {
    // Of a norm it is the vector's already; a bias stands at every position.
    return { [name]: dy.shape.length === 1 ? dy : reduceSum(flattenRows(dy), [0], false) };
  }
  if (at.part === "output") return { [name]: dy };
  if (at.part === "input") return { [name]: linear.input };
  const [x, rows] = [flattenRows(linear.input), flattenRows(dy)];
  const { parts } = layouts.layouts[at.key];
  let first = 0;
  return Object.fromEntries(
    parts.map((count, i) => {
      const columns = parts.length === 1 ? rows : slice(rows, 1, [first, first + count]);
      first += count;
      return [gradientPart(name, i), gemm(x, columns, { transA: true })];
    }),
  );
}
