import type { Tensor } from "onnxruntime-common";
import { buildLoss } from "../graphs/unembedding.ts";
import type { Extent } from "./Patches.ts";
import type { Transformer } from "./Transformer.ts";

/** Σ weight · −log p(target) at one position. */
export interface NllTerm {
  row: number;
  /** The position whose logits predict the target. */
  token: number;
  target: number;
  weight: number;
}

/** weight · KL(current ‖ reference) at one position. */
export interface KlTerm {
  row: number;
  token: number;
  /** log p [vocab]. */
  reference: Float32Array;
  weight: number;
}

/** The loss Σ weight · nll + Σ weight · KL (METHODS 4.5); one of the two may have no terms. */
export interface Loss {
  nll: readonly NllTerm[];
  kl?: readonly KlTerm[];
}

export interface LossResult {
  /** −log p per nll entry. */
  nll: Float32Array;
  /** KL per kl entry. */
  kl: Float32Array;
  /** d loss / d hidden [batch, token, dModel], on the device; the caller releases it. */
  gradient: Tensor;
}

/** Throws where a loss names a position that the extent does not hold, or holds no term. */
export async function evaluateLoss(
  model: Transformer,
  hidden: Tensor,
  extent: Extent,
  loss: Loss,
): Promise<LossResult> {
  const { nll, kl = [] } = loss;
  if (nll.length + kl.length === 0) {
    throw new Error("the loss has no term: the target has zero tokens");
  }
  const terms = { nll: nll.length > 0, kl: kl.length > 0 };
  await model.deltas.settle(undefined);
  const name = `loss/${terms.nll}/${terms.kl}/${model.head.layout.form}`;
  const program = await model.programs.get(name, () => {
    const { graph, outputs } = lossGraph(model, terms);
    return graph.build(outputs);
  });
  const vector = (values: number[]) => model.float32(Float32Array.from(values), [values.length]);
  const wanted = terms.nll && (await model.targetFeeds(nll.map(({ target }) => target)));
  const feeds: Record<string, Tensor> = { ...model.deltas.outer(), hidden };
  if (wanted) Object.assign(feeds, wanted);
  if (terms.nll) {
    feeds["nll.select"] = selection(model, nll, extent);
    feeds["nll.weight"] = vector(nll.map(({ weight }) => weight));
  }
  if (terms.kl) {
    feeds["kl.select"] = selection(model, kl, extent);
    feeds["kl.weight"] = vector(kl.map(({ weight }) => weight));
    feeds["kl.reference"] = model.float32(joined(kl), [kl.length, model.config.vocab]);
  }
  const results = await program.run(feeds);
  if (wanted) model.memory.release(wanted["target.rows"]);
  const take = async (tensor: Tensor | undefined) => {
    if (!tensor) return new Float32Array(0);
    const values = Float32Array.from(await model.memory.read(tensor));
    model.memory.release(tensor);
    return values;
  };
  return {
    nll: await take(results.nll),
    kl: await take(results.kl),
    gradient: results.gradient,
  };
}

/** A loss's graph, with its values by term and its gradient by `hidden`. */
export function lossGraph(
  { config, head }: Pick<Transformer, "config" | "head">,
  terms: { nll: boolean; kl: boolean },
) {
  const { graph, hidden, outputs, loss } = buildLoss(config, head, terms);
  const [gradient] = graph.vjp(loss, graph.scalar(1), [hidden]);
  return { graph, outputs: { ...outputs, gradient } };
}

/** A one-hot matrix [terms, batch·token] that reads the terms' positions. */
function selection(
  model: Transformer,
  terms: readonly { row: number; token: number }[],
  extent: Extent,
): Tensor {
  const columns = extent.rows * extent.width;
  const select = new Float32Array(terms.length * columns);
  terms.forEach(({ row, token }, i) => {
    select[i * columns + flatPosition(extent, row, token)] = 1;
  });
  return model.float32(select, [terms.length, columns]);
}

/** The index of a position among the extent's flattened ones. Throws where it holds it not. */
export function flatPosition({ rows, width, starts }: Extent, row: number, token: number): number {
  const column = token - (starts[row] ?? NaN);
  if (!(row < rows && column >= 0 && column < width)) {
    throw new Error(`row ${row} has no computed position ${token}; it starts at ${starts[row]}`);
  }
  return row * width + column;
}

function joined(kl: readonly KlTerm[]): Float32Array {
  const all = new Float32Array(kl.reduce((n, { reference }) => n + reference.length, 0));
  let at = 0;
  for (const { reference } of kl) {
    all.set(reference, at);
    at += reference.length;
  }
  return all;
}
