import { Adam } from "./adam.ts";
import { norm } from "./norm.ts";

/** One iteration of the optimisation; the three terms add up to the loss (METHODS 4.5). */
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
export function checkValueSettings({ steps, learningRate, clamp }: ValueSettings): void {
  if (!(Number.isInteger(steps) && steps > 0)) {
    throw new Error(`invalid steps: ${steps} (an integer from 1)`);
  }
  if (!(learningRate > 0)) throw new Error(`invalid learning rate: ${learningRate} (above 0)`);
  if (!(clamp > 0)) throw new Error(`invalid clamp: ${clamp} (above 0)`);
}

/** What is known at the present δ. */
export interface ValueLoss {
  /** Per context, −log p(target), a mean over the target's tokens. */
  nll: Float64Array;
  /** KL(current ‖ initial) of the essence row, without its factor. */
  kl: number;
  /** Of mean NLL + klFactor · KL by δ [dModel]. */
  gradient: Float64Array;
}

/** The optimisation stops when its loss is below this (METHODS 4.5). */
const ENOUGH = 0.05;

/**
 * The search for one fact's value (METHODS 4.5, 5.2; ROME eq. 4): Adam on δ [dModel] from zero, within a ball. Whoever
 * owns it computes the loss at `delta` and shows it to `observe`, until `done`.
 */
export class ValueSearch {
  readonly delta: Float64Array;
  readonly steps: ValueStep[] = [];
  /** Whether the last loss was low enough, or as many were looked at as were allowed. */
  done = false;
  readonly #initial: Float64Array;
  readonly #settings: ValueSettings;
  readonly #adam: Adam;

  /** @param initial the value before anything is added [dModel] */
  constructor(initial: Float64Array, settings: ValueSettings) {
    this.#initial = initial;
    this.#settings = settings;
    this.delta = new Float64Array(initial.length);
    this.#adam = new Adam(initial.length, settings);
  }

  /** Looks at the loss of the present δ, and moves it unless the search is done. */
  observe(found: ValueLoss): ValueStep {
    const step = this.#describe(found);
    this.steps.push(step);
    this.done = step.loss < ENOUGH || this.steps.length === this.#settings.steps;
    if (!this.done) {
      this.#adam.step(this.delta, this.#withDecay(found.gradient));
      project(this.delta, this.#settings.clamp * norm(this.#initial));
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
      loss: terms.nll + terms.kl + terms.decay,
      ...terms,
      probability: mean(nll.map((x) => Math.exp(-x))),
      norm: norm(this.delta),
    };
  }

  /** The gradient of the whole loss: that of ‖δ‖ is δ/‖δ‖, and zero at δ = 0. */
  #withDecay(gradient: Float64Array): Float64Array {
    const length = norm(this.delta);
    const { weightDecay } = this.#settings;
    const factor = length === 0 ? 0 : weightDecay / norm(this.#initial) ** 2 / length;
    return gradient.map((g, i) => g + factor * this.delta[i]);
  }
}

/** Shortens δ to the radius where it is longer, in place. */
function project(delta: Float64Array, radius: number): void {
  const length = norm(delta);
  if (length <= radius) return;
  for (let i = 0; i < delta.length; i++) delta[i] *= radius / length;
}
