/** Settings of {@link Adam}; the defaults are PyTorch's. */
export interface AdamOptions {
  learningRate: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

/** Adam (Kingma and Ba 2015) on one vector in float64, without weight decay. */
export class Adam {
  readonly #options: Required<AdamOptions>;
  readonly #mean: Float64Array;
  readonly #square: Float64Array;
  #steps = 0;

  /** @param size the vector's length */
  constructor(size: number, options: AdamOptions) {
    this.#options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, ...options };
    this.#mean = new Float64Array(size);
    this.#square = new Float64Array(size);
  }

  /** Moves x against its gradient, in place. */
  step(x: Float64Array, gradient: Float64Array): void {
    const { learningRate, beta1, beta2, epsilon } = this.#options;
    this.#steps++;
    const rate = learningRate / (1 - beta1 ** this.#steps);
    const correction = Math.sqrt(1 - beta2 ** this.#steps);
    for (let i = 0; i < x.length; i++) {
      const g = gradient[i];
      this.#mean[i] += (1 - beta1) * (g - this.#mean[i]);
      this.#square[i] = beta2 * this.#square[i] + (1 - beta2) * g * g;
      x[i] -= (rate * this.#mean[i]) / (Math.sqrt(this.#square[i]) / correction + epsilon);
    }
  }
}
