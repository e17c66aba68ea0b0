import type { Tensor } from "onnxruntime-common";
import { type BlockSite, buildBlock } from "./graphs/block.ts";
import type { Value } from "./graphs/Graph.ts";
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
    const block = buildBlock(model.config, variant);
    const boundary = block.graph.size;
    const values = [block.x, ...wrt.map((at) => gradientOf(block, at))];
    const dy = block.graph.input("gradient", block.sites.hidden.shape);
    const [x, ...rest] = block.graph.vjp(block.sites.hidden, dy, values);
    const outputs = Object.fromEntries(wrt.map((at, i) => [at, rest[i]]));
    const hidden = blockOutputs(block, ["hidden"]);
    return block.graph.split(hidden, { x, ...outputs }, boundary);
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

const gradientOf = (
  block: { sites: Record<BlockSite, Value>; mlpOut: Value },
  at: BlockGradient,
): Value => (at === "mlpOut" ? block.mlpOut : block.sites[at]);
