import type { Continuation } from "../engine/Continuation.ts";
import type { Loss } from "../engine/loss.ts";
import { Adam } from "./adam.ts";
import type { EditRows } from "./editRows.ts";
import { norm } from "./norm.ts";

/** One iteration of the optimisation; the three terms add up to the loss (METHODS 4.5). */
export interface RomeStep {
  step: number;
  loss: number;
  /** Mean over contexts of −log p(target), itself a mean over the target's tokens. */
  nll: number;
  /** KL(current ‖ initial) of the essence row, times its factor. */
  kl: number;
  decay: number;
  /** Mean over contexts of exp(−NLL). */
  probability: number;
  /** ‖δ‖. */
  norm: number;
}

/** What {@link optimiseValue} needs. */
export interface ValueProblem {
  rows: EditRows;
  /** m^l of row 0 at its lookup [dModel], before anything is added. */
  initial: Float64Array;
  /** log p [vocab] at the essence row's lookup, before anything is added. */
  reference: Float32Array;
  steps: number;
  learningRate: number;
  /** ‖δ‖ may be this many times ‖initial‖. */
  clamp: number;
  weightDecay: number;
  klFactor: number;
  onStep?: ((step: RomeStep) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** The optimisation stops when its loss is below this (METHODS 4.5). */
const ENOUGH = 0.05;

/**
 * ROME's v* [dModel] (METHODS 4.5; ROME eq. 4): the MLP output at the subject that makes the model say the
 * target under every context, while the essence row's distribution at the subject stays. Adam on δ from
 * zero; the loss is looked at before each step, so n steps at most move δ n−1 times.
 */
export async function optimiseValue(
  continuation: Pick<Continuation, "evaluate">,
  problem: ValueProblem,
): Promise<{ vStar: Float64Array; steps: RomeStep[] }> {
  const { initial } = problem;
  const delta = new Float64Array(initial.length);
  const adam = new Adam(delta.length, { learningRate: problem.learningRate });
  const loss = lossOf(problem);
  const steps: RomeStep[] = [];
  for (let i = 0; i < problem.steps; i++) {
    problem.signal?.throwIfAborted();
    const evaluated = await continuation.evaluate(Float32Array.from(delta), loss);
    const step = describe(problem, i, { ...evaluated, delta });
    steps.push(step);
    problem.onStep?.(step);
    if (step.loss < ENOUGH || i === problem.steps - 1) break;
    adam.step(delta, withDecay(problem, evaluated.gradient, delta));
    project(delta, problem.clamp * norm(initial));
  }
  return { vStar: initial.map((x, i) => x + delta[i]), steps };
}

/** Mean NLL over rows and target tokens, and the essence row's KL. */
function lossOf({ rows, klFactor, reference }: ValueProblem): Loss {
  const { essence, lookups } = rows;
  const weight = 1 / (rows.contexts * rows.targetLength);
  return {
    nll: rows.targets.map((target) => ({ ...target, weight })),
    kl: [{ row: essence, token: lookups[essence], reference, weight: klFactor }],
  };
}

function describe(
  problem: ValueProblem,
  step: number,
  { nll, kl, delta }: { nll: Float32Array; kl: Float32Array; delta: Float64Array },
): RomeStep {
  const { contexts, targetLength } = problem.rows;
  const perRow = new Float64Array(contexts);
  nll.forEach((x, i) => (perRow[problem.rows.targets[i].row] += x / targetLength));
  const mean = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / contexts;
  const terms = {
    nll: mean(perRow),
    kl: problem.klFactor * kl[0],
    decay: (problem.weightDecay * norm(delta)) / norm(problem.initial) ** 2,
  };
  return {
    step,
    loss: terms.nll + terms.kl + terms.decay,
    ...terms,
    probability: mean(perRow.map((x) => Math.exp(-x))),
    norm: norm(delta),
  };
}

/** The gradient of the whole loss: that of ‖δ‖ is δ/‖δ‖, and zero at δ = 0. */
function withDecay(
  { weightDecay, initial }: ValueProblem,
  gradient: Float32Array,
  delta: Float64Array,
): Float64Array {
  const length = norm(delta);
  const factor = length === 0 ? 0 : weightDecay / norm(initial) ** 2 / length;
  return Float64Array.from(gradient, (g, i) => g + factor * delta[i]);
}

/** Shortens δ to the radius where it is longer, in place. */
function project(delta: Float64Array, radius: number): void {
  const length = norm(delta);
  if (length <= radius) return;
  for (let i = 0; i < delta.length; i++) delta[i] *= radius / length;
}
