import { MersenneTwister } from "./mersenneTwister.ts";

/**
 * NumPy's legacy `RandomState(seed)`, bit for bit, so that a trace made here can be compared with the
 * authors' own (METHODS 2.4, appendix A). One object is one stream: every draw moves it on.
 */
export class NumpyRandom {
  readonly #twister: MersenneTwister;
  #spare: number | undefined;

  /** Throws unless seed is an integer in 0..2³²−1. */
  constructor(seed: number) {
    this.#twister = MersenneTwister.fromSeed(seed);
  }

  /** A double in [0, 1): `random_sample()`. */
  random(): number {
    return this.#twister.double();
  }

  /** n doubles in [low, high): `uniform(low, high, n)`. */
  uniform(low: number, high: number, n: number): Float64Array {
    return Float64Array.from({ length: n }, () => low + (high - low) * this.random());
  }

  /** n standard normal doubles, in the order of `randn(n)`. */
  randn(n: number): Float64Array {
    return Float64Array.from({ length: n }, () => this.#gaussian());
  }

  /** Marsaglia's polar method, which makes two values at a time: f·x2 is given first, f·x1 kept. */
  #gaussian(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    for (;;) {
      const x1 = 2 * this.random() - 1;
      const x2 = 2 * this.random() - 1;
      const r2 = x1 * x1 + x2 * x2;
      if (r2 >= 1 || r2 === 0) continue;
      const f = Math.sqrt((-2 * Math.log(r2)) / r2);
      this.#spare = f * x1;
      return f * x2;
    }
  }
}
