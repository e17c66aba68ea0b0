import type { Tensor } from "onnxruntime-common";
import { mlpOut } from "../architecture/blockWeights.ts";
import type { ModelConfig } from "../architecture/config.ts";
import { type Block, buildBlock } from "../graphs/block.ts";
import type { BlockSite, BlockVariant } from "../graphs/BlockScope.ts";
import type { Value } from "../graphs/Graph.ts";
import { flattenRows, gemm } from "../graphs/ops.ts";
import { type BlockRequest, blockOutputs, type Transformer, variantName } from "./Transformer.ts";

/** What a block's gradient is asked for, beside that of its input. */
export type BlockGradient = BlockSite | "mlpOut";

/** A block that ran forward and can be differentiated once. */
export interface Recorded {
  hidden: Tensor;
  /** The vector–Jacobian products of d hidden; consumes what was saved. */
  backward(gradient: Tensor): Promise<{ x: Tensor } & Partial<Record<BlockGradient, Tensor>>>;
}

/**
 * Runs a block and saves what its gradient needs, so that nothing is computed twice.
 *
 * The forward and the backward program are one graph, split where `Graph.vjp` extended it.
 */
export async function recordBlock(
  model: Transformer,
  request: BlockRequest,
  wrt: readonly BlockGradient[] = [],
): Promise<Recorded> {
  const { layer, pass, interventions = [] } = request;
  await model.deltas.settle(layer);
  const variant = model.variant(layer, pass, interventions);
  const name = `gradient/${variantName(variant)}/${wrt.join()}`;
  const { forward, backward } = await model.programs.pair(name, () => {
    const { graph, ...parts } = gradientGraph(model, variant, wrt);
    return graph.split(parts.forward, parts.backward, parts.boundary);
  });
  model.cost.blockTokens += pass.rows * pass.width;
  const feeds = model.blockFeeds(request);
  const { hidden, ...saved } = await forward.run(feeds);
  return {
    hidden,
    async backward(gradient) {
      const results = await backward.run({ ...feeds, ...saved, gradient });
      for (const tensor of Object.values(saved)) model.memory.release(tensor);
      return results as { x: Tensor };
    },
  };
}

/** A block with its vector–Jacobian products, to be split at `boundary`. */
export function gradientGraph(
  { config, layout }: Pick<Transformer, "config" | "layout">,
  variant: BlockVariant,
  wrt: readonly BlockGradient[] = [],
) {
  const block = buildBlock(config, layout, variant);
  const { graph, x: input, sites } = block;
  const boundary = graph.size;
  const values = [input, ...wrt.map((at) => gradientOf(config, block, at))];
  const dy = graph.input("gradient", sites.hidden.shape);
  const [x, ...rest] = graph.vjp(sites.hidden, dy, values);
  const outputs = Object.fromEntries(
    wrt.map((at, i) => [at, at === "mlpOut" ? weightGradient(block, rest[i]) : rest[i]]),
  );
  return { graph, forward: blockOutputs(block, ["hidden"]), backward: { x, ...outputs }, boundary };
}

const gradientOf = (config: ModelConfig, block: Block, at: BlockGradient): Value =>
  at === "mlpOut" ? block.linears[mlpOut(config)].output : block.sites[at];

/** d loss / dW [dMlp, dModel] = Σ k dyᵀ over all positions, whatever form W is kept in; dy is that of k W + b. */
const weightGradient = ({ sites }: Block, dy: Value): Value =>
  gemm(flattenRows(sites.key), flattenRows(dy), { transA: true });
