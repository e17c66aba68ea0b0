import { MersenneTwister } from "./mersenneTwister.ts";

/**
 * The order that Python's `random.Random(seed).shuffle(list(range(count)))` gives: the layer statistics
 * take their sample of the corpus from its beginning (METHODS 3, appendix A).
 */
export function pythonShuffle(count: number, seed: number): number[] {
  const twister = MersenneTwister.fromKey(seed);
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = below(twister, i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** CPython's `_randbelow(n)`: draw bit_length(n) bits until the number is below n. */
function below(twister: MersenneTwister, n: number): number {
  const unused = Math.clz32(n);
  for (;;) {
    const r = twister.word() >>> unused;
    if (r < n) return r;
  }
}
