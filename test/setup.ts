import { expect } from "vitest";

interface Tolerance {
  rtol?: number;
  atol?: number;
}

declare module "vitest" {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any, @typescript-eslint/no-unused-vars -- must repeat Vitest's own parameters
  interface Matchers<T = any> {
    /** Every |actual - expected| <= atol + rtol * |expected|; reports the worst element. NaN and another length fail. */
    toBeAllclose(expected: ArrayLike<number>, tolerance?: Tolerance): void;
  }
}

expect.extend({
  toBeAllclose(
    actual: ArrayLike<number>,
    expected: ArrayLike<number>,
    { rtol = 1e-5, atol = 1e-6 }: Tolerance = {},
  ) {
    if (actual.length !== expected.length) {
      const message = () => `length is ${actual.length}, expected ${expected.length}`;
      return { pass: false, message };
    }
    const worst = worstElement(actual, expected, { rtol, atol });
    const not = this.isNot ? "not " : "";
    return {
      pass: worst < 0,
      message: () =>
        worst < 0
          ? `all ${expected.length} elements are close (rtol ${rtol}, atol ${atol}), expected some ${not}to be`
          : `element ${worst} is ${actual[worst]}, expected ${expected[worst]} (rtol ${rtol}, atol ${atol})`,
    };
  },
});

/** The index that exceeds its tolerance most, the first that is NaN, or -1 when all are close. */
function worstElement(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { rtol, atol }: Required<Tolerance>,
): number {
  let worst = -1;
  let excess = 0;
  for (let i = 0; i < expected.length; i++) {
    if (actual[i] === expected[i]) continue; // also equal infinities
    const over = Math.abs(actual[i] - expected[i]) - (atol + rtol * Math.abs(expected[i]));
    if (Number.isNaN(over)) return i;
    if (over > excess) [worst, excess] = [i, over];
  }
  return worst;
}
