import type { Tensor } from "onnxruntime-common";
import { type BlockGradient, buildBlockGradient, gradientName } from "../graphs/blockGradient.ts";
import { type BlockRequest, type Transformer, variantName } from "./Transformer.ts";

/** A block that ran forward and can be differentiated once. */
export interface Recorded {
  hidden: Tensor;
  /** The vector–Jacobian products of d hidden, `x` and those asked for; consumes what was saved. */
  backward(gradient: Tensor): Promise<{ x: Tensor } & Record<string, Tensor>>;
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
  await model.giveWay?.();
  await model.deltas.settle(layer);
  const variant = model.variant(layer, pass, interventions);
  const name = `gradient/${variantName(variant)}/${wrt.map(gradientName).join()}`;
  const { forward, backward } = await model.programs.pair(name, () => {
    const { graph, hidden, ...parts } = buildBlockGradient(
      model.config,
      model.layout,
      variant,
      wrt,
    );
    return graph.split({ hidden }, parts.backward, parts.boundary);
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
