import { expect, test } from "vitest";
import { corruptedEmbeddings } from "../../../src/methods/trace/noise.ts";
import { NumpyRandom } from "../../../src/methods/random/numpyRandom.ts";

const clean = Float32Array.of(0.1, -0.2, 0.3, 0.7);
const corruption = { clean, samples: 3, level: 0.25, uniform: false, replace: false, seed: 1 };

test("noise is added in float64 and rounded once", () => {
  const noise = new NumpyRandom(1).randn(12);
  const expected = Array.from(noise, (x, i) => Math.fround(clean[i % 4] + 0.25 * x));
  expect([...corruptedEmbeddings(corruption)]).toEqual(expected);
});

test("replacing leaves the noise alone", () => {
  const noise = new NumpyRandom(1).randn(12);
  const values = corruptedEmbeddings({ ...corruption, replace: true });
  expect([...values]).toEqual(Array.from(noise, (x) => Math.fround(0.25 * x)));
});

test("uniform noise stays within its level, and follows its own stream", () => {
  const values = corruptedEmbeddings({ ...corruption, uniform: true, replace: true });
  expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(0.25);
  expect(values[0]).toBe(Math.fround(0.25 * new NumpyRandom(1).uniform(-1, 1, 1)[0]));
});

test("another seed is other noise", () => {
  expect(corruptedEmbeddings({ ...corruption, seed: 2 })).not.toEqual(
    corruptedEmbeddings(corruption),
  );
});

test("the second draw goes on where the first one ended, as NumPy's second randn", () => {
  // RandomState(1).randn(10, 3, 1600) twice.
  const zeros = new Float32Array(3 * 1600);
  const of = (draw?: number) =>
    corruptedEmbeddings({ ...corruption, clean: zeros, samples: 10, level: 1, draw }).slice(0, 3);
  expect(of()).toBeAllclose([1.62434536, -0.61175641, -0.52817175], { rtol: 1e-6 });
  expect(of(1)).toEqual(of());
  expect(of(2)).toBeAllclose([-0.45912798, 0.72782473, -0.62702199], { rtol: 1e-6 });
});
