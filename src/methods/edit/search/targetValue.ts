import type { Stoppable } from "../../../engine/runtime/Stoppable.ts";
import type { Continuation } from "../../../engine/transformer/Continuation.ts";
import type { Loss } from "../../../engine/transformer/loss.ts";
import type { EditRows } from "../editRows.ts";
import type { SearchGoal } from "../Objective.ts";
import { ValueSearch, type ValueSettings, type ValueStep } from "./valueSearch.ts";

/** What {@link optimiseValue} needs. */
export interface ValueProblem extends ValueSettings, SearchGoal, Stoppable {
  rows: EditRows;
  /** m^l of row 0 at its lookup [dModel], before anything is added. */
  initial: Float64Array;
  /** log p [vocab] at the essence row's lookup, before anything is added. */
  reference: Float32Array;
  onStep?: ((step: ValueStep) => void) | undefined;
}

/**
 * The value v* [dModel] (METHODS 4.5): the MLP output at the subject that makes the model say the
 * target under every context, while the essence row's distribution at the subject stays. Adam on δ from
 * zero; the loss is looked at before each step, so n steps at most move δ n−1 times.
 */
export async function optimiseValue(
  continuation: Pick<Continuation, "evaluate">,
  problem: ValueProblem,
): Promise<{ vStar: Float64Array; steps: ValueStep[] }> {
  const search = new ValueSearch(problem.initial, problem);
  const loss = lossOf(problem);
  const groups = valueGroups(problem.rows, problem) ? 2 : 1;
  while (!search.done) {
    problem.signal?.throwIfAborted();
    const added = repeated(search.delta, groups);
    const { nll, kl, gradient } = await continuation.evaluate(added, loss);
    const found = { nll: perContext(problem.rows, nll), kl: kl[0] };
    const step = search.observe({ ...found, ...gradientsOf(gradient, groups) });
    problem.onStep?.(step);
  }
  return { vStar: search.value, steps: search.steps };
}

/**
 * Which of the added vectors each row gets: where the target is to become unlikely, the essence row has one of its own, so
 * that the gradients of NLL and KL come apart. Undefined where one is enough.
 */
export function valueGroups(
  { tokens, essence }: EditRows,
  { objective }: SearchGoal,
): number[] | undefined {
  if (objective?.target !== "minimise") return undefined;
  return tokens.map((_, row) => (row === essence ? 1 : 0));
}

function repeated(delta: Float64Array, groups: number): Float32Array {
  const added = new Float32Array(groups * delta.length);
  for (let group = 0; group < groups; group++) added.set(delta, group * delta.length);
  return added;
}

/** A gradient [groups, dModel] as the search takes it. */
function gradientsOf(gradient: Float32Array, groups: number) {
  if (groups === 1) return { gradient: Float64Array.from(gradient) };
  const d = gradient.length / groups;
  return {
    nllGradient: Float64Array.from(gradient.subarray(0, d)),
    gradient: Float64Array.from(gradient.subarray(d)),
  };
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

function perContext(
  { contexts, targets, targetLength }: EditRows,
  nll: Float32Array,
): Float64Array {
  const means = new Float64Array(contexts);
  nll.forEach((x, i) => (means[targets[i].row] += x / targetLength));
  return means;
}
