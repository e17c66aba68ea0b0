import type { ModelConfig } from "../architecture/config.ts";
import { headKey, type OuterKey, outerWeights } from "../architecture/weightNames.ts";
import type { Layout } from "../checkpoint/precision.ts";
import { Graph, type Value } from "./Graph.ts";
import { type Expansion, matrixInput } from "./matrix.ts";
import {
  add,
  exp,
  flattenRows,
  gather,
  layerNorm,
  logSumExp,
  matMul,
  mul,
  neg,
  reduceSum,
  reshape,
  sub,
} from "./ops.ts";

/** How the head lies on the device. */
export interface HeadLayout {
  layout: Layout;
  expansion: Expansion;
}

/** What the final norm and the head make of states [rows, dModel] (METHODS 1.1). */
interface Head {
  /** log Σ_v exp(logit_v) [rows, 1]. */
  logSum: Value;
  /** [rows, vocab]. */
  logits: Value;
  /** Each row's logit of its own target [rows], by one dot product with the head's row of that token. */
  logitOf: (targets: Targets) => Value;
}

/** Token ids [rows], and the head's rows of them [rows, dModel]. */
interface Targets {
  ids: Value;
  rows: Value;
}

const targetInputs = (graph: Graph, { dModel }: ModelConfig): Targets => ({
  ids: graph.input("targets", ["rows"], "int32"),
  rows: graph.input("target.rows", ["rows", dModel]),
});

function unembed(
  graph: Graph,
  config: ModelConfig,
  { layout, expansion }: HeadLayout,
): (states: Value) => Head {
  const vector = (key: OuterKey) => {
    const found = outerWeights(config).find((weight) => weight.key === key);
    return found && graph.input(key, found.shape);
  };
  const norm = {
    weight: vector("finalNorm.weight")!,
    bias: vector("finalNorm.bias")!,
    epsilon: config.layerNormEpsilon,
  };
  const bias = vector("head.bias");
  const shape = [config.dModel, config.vocab] as const;
  const head = matrixInput(graph, headKey(config), { shape, layout, expansion, outMajor: true });
  return (states) => {
    const normal = layerNorm(states, norm);
    const logits = head.times(normal, bias);
    const logitOf = ({ ids, rows }: Targets) => {
      const dots = reduceSum(mul(normal, rows), [1], false);
      return bias ? add(dots, gather(bias, ids)) : dots;
    };
    return { logits, logSum: logSumExp(logits), logitOf };
  };
}

/** log p(target) [rows]. */
const logProbability = ({ logitOf, logSum }: Head, targets: Targets) =>
  sub(logitOf(targets), reshape(logSum, [-1]));

/**
 * Reads log-probabilities at chosen positions only: `hidden` [batch, token, dModel] and `at` [rows]
 * (int32, batch·token flattened) give `logProbabilities` [rows, vocab], or [rows] of `targets` with `target.rows`.
 */
export function buildReadout(config: ModelConfig, headLayout: HeadLayout, targeted: boolean) {
  const graph = new Graph();
  const hidden = graph.input("hidden", ["batch", "token", config.dModel]);
  const at = graph.input("at", ["rows"], "int32");
  const head = unembed(graph, config, headLayout)(gather(flattenRows(hidden), at));
  if (!targeted) return { graph, logProbabilities: sub(head.logits, head.logSum) };
  return { graph, logProbabilities: logProbability(head, targetInputs(graph, config)) };
}

/**
 * The losses that the methods need, and their gradient with respect to `hidden`.
 *
 * With `nll`: `nll` [rows] = −log p(target) where `nll.select` [rows, batch·token] (one-hot) reads hidden. With `kl`:
 * `kl` [klRows] = Σ_v p (log p − log p₀) = KL(current ‖ reference), METHODS 4.5.
 * The loss is Σ weight·nll + Σ weight·kl.
 */
export function buildLoss(
  config: ModelConfig,
  headLayout: HeadLayout,
  terms: { nll: boolean; kl: boolean },
) {
  const graph = new Graph();
  const hidden = graph.input("hidden", ["batch", "token", config.dModel]);
  const flat = flattenRows(hidden);
  const headOf = unembed(graph, config, headLayout);
  const select = (name: string, rows: string) =>
    headOf(matMul(graph.input(`${name}.select`, [rows, flat.shape[0]]), flat));
  const outputs: Record<string, Value> = {};
  if (terms.nll) {
    outputs.nll = neg(logProbability(select("nll", "rows"), targetInputs(graph, config)));
  }
  if (terms.kl) {
    const { logits, logSum } = select("kl", "klRows");
    const reference = graph.input("kl.reference", ["klRows", config.vocab]);
    outputs.kl = klDivergence(sub(logits, logSum), reference);
  }
  const sums = Object.entries(outputs).map(([name, values]) =>
    reduceSum(mul(values, graph.input(`${name}.weight`, values.shape)), [0], false),
  );
  return { graph, hidden, outputs, loss: sums.reduce(add) };
}

/** KL(current ‖ reference) per row, from log-probabilities [rows, vocab]. */
function klDivergence(current: Value, reference: Value): Value {
  return reduceSum(mul(exp(current), sub(current, reference)), [1], false);
}
