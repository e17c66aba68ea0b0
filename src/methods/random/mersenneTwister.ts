/**
 * MT19937, the generator under both NumPy's `RandomState` and Python's `random` (METHODS appendix A).
 * The two differ only in how the state is seeded and in what is made of its 32-bit words.
 */
export class MersenneTwister {
  readonly #state = new Uint32Array(624);
  #next = 624;

  /** Seeds as `init_genrand`: `RandomState(seed)`. Throws unless seed is an integer in 0..2³²−1. */
  static fromSeed(seed: number): MersenneTwister {
    checkSeed(seed);
    const twister = new MersenneTwister();
    twister.#initialise(seed);
    return twister;
  }

  /** Seeds as `init_by_array([seed])`: `random.Random(seed)` for a seed below 2³². */
  static fromKey(seed: number): MersenneTwister {
    checkSeed(seed);
    const twister = new MersenneTwister();
    twister.#initialise(19650218);
    const s = twister.#state;
    let i = 1;
    for (let k = 624; k > 0; k--) {
      s[i] = (s[i] ^ Math.imul(s[i - 1] ^ (s[i - 1] >>> 30), 1664525)) + seed;
      i = advance(s, i);
    }
    for (let k = 623; k > 0; k--) {
      s[i] = (s[i] ^ Math.imul(s[i - 1] ^ (s[i - 1] >>> 30), 1566083941)) - i;
      i = advance(s, i);
    }
    s[0] = 0x80000000;
    return twister;
  }

  /** The next tempered 32-bit word. */
  word(): number {
    if (this.#next === 624) this.#twist();
    let y = this.#state[this.#next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** A double in [0, 1) from 53 bits: ((a≫5)·2²⁶ + (b≫6)) / 2⁵³. */
  double(): number {
    const high = this.word() >>> 5;
    const low = this.word() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  #initialise(seed: number): void {
    const s = this.#state;
    s[0] = seed;
    for (let i = 1; i < 624; i++) s[i] = Math.imul(1812433253, s[i - 1] ^ (s[i - 1] >>> 30)) + i;
  }

  #twist(): void {
    const s = this.#state;
    for (let i = 0; i < 624; i++) {
      const y = (s[i] & 0x80000000) | (s[(i + 1) % 624] & 0x7fffffff);
      s[i] = s[(i + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#next = 0;
  }
}

/** The index after i in the seeding loops, which carry the last word to the first on wrapping. */
function advance(state: Uint32Array, i: number): number {
  if (i + 1 < 624) return i + 1;
  state[0] = state[623];
  return 1;
}

function checkSeed(seed: number): void {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new Error(`invalid seed: ${seed} (an integer from 0 to 4294967295)`);
  }
}
