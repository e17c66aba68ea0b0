import { expect, test } from "vitest";
import {
  covarianceReference,
  mirrorLower,
} from "../../../src/kernels/covariance/covariance.reference.ts";
import { uniform } from "../../support/kernels/positiveDefinite.ts";

const sizes: [samples: number, dMlp: number][] = [
  [1, 1],
  [8, 5],
  [33, 17],
  [300, 12],
];

test.for(sizes)("sums the outer products of %d keys of width %d", ([samples, dMlp]) => {
  const keys = Float32Array.from(uniform(samples * dMlp, 1));
  const expected = new Float64Array(dMlp * dMlp).map((_, at) => {
    const [i, j] = [Math.floor(at / dMlp), at % dMlp];
    let sum = 0;
    for (let s = 0; s < samples; s++) sum += keys[s * dMlp + i] * keys[s * dMlp + j];
    return sum;
  });
  const c = covarianceReference(keys, [samples, dMlp]);
  expect(c).toBeAllclose(expected, { rtol: 1e-12, atol: 1e-12 });
});

test("adds to a C that is given, batch after batch", () => {
  const keys = Float32Array.from(uniform(40 * 6, 1));
  const c = covarianceReference(keys.subarray(0, 13 * 6), [13, 6]);
  expect(covarianceReference(keys.subarray(13 * 6), [27, 6], c)).toBe(c);
  expect(c).toBeAllclose(covarianceReference(keys, [40, 6]), { rtol: 1e-12, atol: 1e-12 });
});

test("mirrorLower copies the lower triangle upwards", () => {
  expect(mirrorLower(Float32Array.from([1, 9, 9, 2, 3, 9, 4, 5, 6]), 3)).toEqual(
    Float32Array.from([1, 2, 4, 2, 3, 5, 4, 5, 6]),
  );
});
