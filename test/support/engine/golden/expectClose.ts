import { expect } from "vitest";
import type { NpyArray } from "../../../../src/data/archive/npz.ts";

/** Issue: at most 1e-4 of the largest value. */
export function expectClose(actual: ArrayLike<number>, golden: NpyArray, what: string): void {
  const expected = golden.data as Float32Array;
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(actual, what).toBeAllclose(expected, { rtol: 0, atol: 1e-4 * largest });
}
