import { areFinite, beyond } from "../../../engine/transformer/finite.ts";
import { Adam } from "./adam.ts";
import { norm } from "../norm.ts";
import { type SearchGoal, type Stop, usualObjective, usualStop } from "../Objective.ts";

/**
 * One iteration of the optimisation (METHODS 4.5). The three terms add up to the loss; where the target is to become
 * unlikely, exp(−nll) stands in the place of nll (METHODS 8.3).
 */
export type ValueStep = {
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
};

/** How a value is searched for (METHODS 4.7, 5.5). */
export interface ValueSettings {
  /** At most this many losses are looked at, so δ moves at most steps − 1 times. */
  steps: number;
  learningRate: number;
  /** ‖δ‖ is kept within this many times the norm of the first value. */
  clamp: number;
  weightDecay: number;
  klFactor: number;
}

/** Throws a sentence where a setting cannot be. */
export function checkValueSettings(settings: ValueSettings): void {
  const { steps, learningRate, clamp, klFactor, weightDecay } = settings;
  if (!(Number.isInteger(steps) && steps > 0)) {
    throw new Error(`invalid steps: ${steps} (an integer from 1)`);
  }
  const above = Object.entries({ "learning rate": learningRate, clamp });
  for (const [name, value] of above) {
    if (!(value > 0 && value < Infinity)) throw new Error(`invalid ${name}: ${value} (above 0)`);
  }
  const least = Object.entries({ "KL factor": klFactor, "weight decay": weightDecay });
  for (const [name, value] of least) {
    if (!(value >= 0 && value < Infinity)) throw new Error(`invalid ${name}: ${value} (0 or more)`);
  }
}

/** What is known at the present δ. */
export interface ValueLoss {
  /** Per context, −log p(target), a mean over the target's tokens. */
  nll: Float64Array;
  /** KL(current ‖ initial) of the essence row, without its factor. */
  kl: number;
  /** Of mean NLL + klFactor · KL by δ [dModel]; of klFactor · KL alone where the NLL's is given beside it. */
  gradient: Float64Array;
  /** Of mean NLL by δ [dModel]; needed to make a target unlikely. */
  nllGradient?: Float64Array | undefined;
}

/**
 * The search for one fact's value (METHODS 4.5, 5.2): Adam on δ [dModel] from zero, within a ball. Whoever
 * owns it computes the loss at `delta` and shows it to `observe`, until `done`.
 */
export class ValueSearch {
  readonly delta: Float64Array;
  readonly steps: ValueStep[] = [];
  /** Whether the last loss was low enough, or as many were looked at as were allowed. */
  done = false;
  readonly #initial: Float64Array;
  readonly #settings: ValueSettings;
  readonly #minimises: boolean;
  readonly #stop: Stop;
  readonly #adam: Adam;
  /** How many losses in a row were low enough. */
  #low = 0;

  /** @param initial the value before anything is added [dModel] */
  constructor(initial: Float64Array, settings: ValueSettings & SearchGoal) {
    const { objective = usualObjective, stop = usualStop(objective) } = settings;
    this.#initial = initial;
    this.#settings = settings;
    this.#minimises = objective.target === "minimise";
    this.#stop = stop;
    this.delta = new Float64Array(initial.length);
    this.#adam = new Adam(initial.length, settings);
  }

  /**
   * Looks at the loss of the present δ, and moves it unless the search is done.
   *
   * @throws where the loss, or δ after it, is NaN or infinite
   */
  observe(found: ValueLoss): ValueStep {
    const step = this.#describe(found);
    if (!Object.values(step).every(Number.isFinite)) throw beyondAt("the loss", step);
    this.steps.push(step);
    const { below = -Infinity, patience = 1, moveLast = false } = this.#stop;
    this.#low = step.loss < below ? this.#low + 1 : 0;
    const enough = this.#low >= patience;
    this.done = enough || this.steps.length === this.#settings.steps;
    if (!this.done || (moveLast && !enough)) {
      this.#adam.step(this.delta, this.#withDecay(this.#gradient(found, step)));
      project(this.delta, this.#settings.clamp * norm(this.#initial));
      // The model takes it in float32.
      if (!areFinite(Float32Array.from(this.delta))) throw beyondAt("the vector δ", step);
    }
    return step;
  }

  /** The first value with δ added [dModel]. */
  get value(): Float64Array {
    return this.#initial.map((x, i) => x + this.delta[i]);
  }

  #describe({ nll, kl }: ValueLoss): ValueStep {
    const { klFactor, weightDecay } = this.#settings;
    const mean = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / values.length;
    const terms = {
      nll: mean(nll),
      kl: klFactor * kl,
      decay: (weightDecay * norm(this.delta)) / norm(this.#initial) ** 2,
    };
    return {
      step: this.steps.length,
      loss: (this.#minimises ? Math.exp(-terms.nll) : terms.nll) + terms.kl + terms.decay,
      ...terms,
      probability: mean(nll.map((x) => Math.exp(-x))),
      norm: norm(this.delta),
    };
  }

  /** Of the loss but its decay: that of exp(−m) is −exp(−m) times that of m. */
  #gradient({ gradient, nllGradient }: ValueLoss, { nll }: ValueStep): Float64Array {
    if (!this.#minimises) return gradient;
    const factor = -Math.exp(-nll);
    return gradient.map((g, i) => g + factor * nllGradient![i]);
  }

  /** The gradient of the whole loss: that of ‖δ‖ is δ/‖δ‖, and zero at δ = 0. */
  #withDecay(gradient: Float64Array): Float64Array {
    const length = norm(this.delta);
    const { weightDecay } = this.#settings;
    const factor = length === 0 ? 0 : weightDecay / norm(this.#initial) ** 2 / length;
    return gradient.map((g, i) => g + factor * this.delta[i]);
  }
}

const beyondAt = (what: string, { step }: ValueStep): Error =>
  beyond(`${what} in step ${step} of the search`, "take settings nearer to the preset");

/** Shortens δ to the radius where it is longer, in place. */
function project(delta: Float64Array, radius: number): void {
  const length = norm(delta);
  if (length <= radius) return;
  for (let i = 0; i < delta.length; i++) delta[i] *= radius / length;
}
