import type { BranchReadout } from "../../engine/Model.ts";
import type { TracePlan } from "./tracePlan.ts";

/** What of the model's output a trace follows: one number, clean, corrupted and at every cell. */
export interface Readout {
  /** log p(target) is read at these positions of every row; asked once the answer is known. */
  positions(plan: TracePlan): BranchReadout[];
  /** The number, from log p [row, position]; rows are the samples, one of them in the clean run. */
  score(logProbabilities: Float32Array, positions: number): number;
}

/** The joint probability of the answer's tokens, a mean over the samples (METHODS 2.5, 8.1). */
export const answerProbability: Readout = {
  positions: ({ answerIds, promptLength }) =>
    answerIds.map((target, j) => ({ token: promptLength - 1 + j, target })),
  score: meanJointProbability,
};

/**
 * The mean over rows of the joint probability of the target's tokens, from log-probabilities [row, target token].
 */
function meanJointProbability(logProbabilities: Float32Array, targets: number): number {
  const rows = logProbabilities.length / targets;
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    let log = 0;
    for (let j = 0; j < targets; j++) log += logProbabilities[row * targets + j];
    sum += Math.exp(log);
  }
  return sum / rows;
}
