import type { ModelConfig } from "../config.ts";
import { Graph, type Value } from "./Graph.ts";
import {
  add,
  exp,
  flattenRows,
  gather,
  gemm,
  layerNorm,
  logSoftmax,
  matMul,
  mul,
  oneHot,
  reduceSum,
  sub,
} from "./ops.ts";

/** The shapes of the final norm's and the head's weights (METHODS 1.4). */
export function headWeights({ dModel, vocab, tied, architecture }: ModelConfig) {
  const shapes: Record<string, number[]> = {
    "ln_f.weight": [dModel],
    "ln_f.bias": [dModel],
    [tied ? "wte.weight" : "lm_head.weight"]: [vocab, dModel],
  };
  if (architecture === "gptj" && !tied) shapes["lm_head.bias"] = [vocab];
  return shapes;
}

/** log p [rows, vocab] of states [rows, dModel]: final norm, head, log softmax (METHODS 1.1). */
function unembed(graph: Graph, config: ModelConfig) {
  const weights = new Map<string, Value>();
  for (const [name, shape] of Object.entries(headWeights(config))) {
    weights.set(name, graph.input(name, shape));
  }
  return (states: Value): Value => {
    const normal = layerNorm(states, {
      weight: weights.get("ln_f.weight")!,
      bias: weights.get("ln_f.bias")!,
      epsilon: config.layerNormEpsilon,
    });
    const head = weights.get("lm_head.weight") ?? weights.get("wte.weight")!;
    const logits = gemm(normal, head, { transB: true });
    const bias = weights.get("lm_head.bias");
    return logSoftmax(bias ? add(logits, bias) : logits);
  };
}

/** Each row's log p of its target [rows], from log p [rows, vocab]. */
function pick(logProbabilities: Value, targets: Value, columns: Value): Value {
  return reduceSum(mul(logProbabilities, oneHot(targets, columns)), [1], false);
}

/**
 * Reads log-probabilities at chosen positions only: `hidden` [batch, token, dModel] and `at` [rows]
 * (int32, batch·token flattened) give `logProbabilities` [rows, vocab], or [rows] of `targets`.
 */
export function buildReadout(config: ModelConfig, targeted: boolean) {
  const graph = new Graph();
  const hidden = graph.input("hidden", ["batch", "token", config.dModel]);
  const at = graph.input("at", ["rows"], "int32");
  const all = unembed(graph, config)(gather(flattenRows(hidden), at));
  if (!targeted) return { graph, logProbabilities: all };
  const targets = graph.input("targets", ["rows"], "int32");
  const columns = graph.input("columns", [config.vocab], "int32");
  return { graph, logProbabilities: pick(all, targets, columns) };
}

/**
 * The losses that the methods need, and their gradient with respect to `hidden`.
 *
 * `nll` [rows] = −log p(target) where `nll.select` [rows, batch·token] (one-hot) reads hidden, and
 * with `kl` also `kl` [klRows] = Σ_v p (log p − log p₀) = KL(current ‖ reference), METHODS 4.5.
 * The loss is Σ weight·nll + Σ weight·kl.
 */
export function buildLoss(config: ModelConfig, kl: boolean) {
  const graph = new Graph();
  const hidden = graph.input("hidden", ["batch", "token", config.dModel]);
  const flat = flattenRows(hidden);
  const logProbabilities = unembed(graph, config);
  const select = (name: string, rows: string) =>
    logProbabilities(matMul(graph.input(`${name}.select`, [rows, flat.shape[0]]), flat));
  const weighted = (name: string, terms: Value, rows: string) =>
    reduceSum(mul(terms, graph.input(`${name}.weight`, [rows])), [0], false);

  const columns = graph.input("columns", [config.vocab], "int32");
  const targets = graph.input("targets", ["rows"], "int32");
  const picked = pick(select("nll", "rows"), targets, columns);
  const nll = sub(graph.scalar(0), picked);
  const nllSum = weighted("nll", nll, "rows");
  if (!kl) return { graph, hidden, outputs: { nll }, loss: nllSum };

  const current = select("kl", "klRows");
  const reference = graph.input("kl.reference", ["klRows", config.vocab]);
  const divergence = klDivergence(current, reference);
  const loss = add(nllSum, weighted("kl", divergence, "klRows"));
  return { graph, hidden, outputs: { nll, kl: divergence }, loss };
}

/** KL(current ‖ reference) per row, from log-probabilities [rows, vocab]. */
function klDivergence(current: Value, reference: Value): Value {
  return reduceSum(mul(exp(current), sub(current, reference)), [1], false);
}
