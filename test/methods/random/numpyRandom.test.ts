import { expect, test } from "vitest";
import { NumpyRandom } from "../../../src/methods/random/numpyRandom.ts";

// The numbers are METHODS appendix A's: numpy.random.RandomState(1).

test("randn begins with NumPy's own values, bit for bit", () => {
  expect([...new NumpyRandom(1).randn(6)]).toEqual([
    1.6243453636632417, -0.6117564136500754, -0.5281717522634557, -1.0729686221561705,
    0.8654076293246785, -2.3015386968802827,
  ]);
});

test("randn keeps to NumPy's stream for 160,000 values", () => {
  const values = new NumpyRandom(1).randn(160000);
  expect(values[159999]).toBe(-0.35248209464921515);
  expect([values.reduce((sum, x) => sum + x, 0)]).toBeAllclose([670.9302468978352], {
    rtol: 1e-12,
  });
});

test("a second draw goes on where the first ended", () => {
  const random = new NumpyRandom(1);
  const first = random.randn(10 * 3 * 1600);
  const second = random.randn(10 * 3 * 1600);
  expect(first.subarray(0, 3)).toBeAllclose([1.62434536, -0.61175641, -0.52817175], { rtol: 1e-8 });
  expect(second.subarray(0, 3)).toBeAllclose([-0.45912798, 0.72782473, -0.62702199], {
    rtol: 1e-8,
  });
});

test("the second of a pair of normals is kept between draws", () => {
  const random = new NumpyRandom(1);
  const parts = [...random.randn(1), ...random.randn(2)];
  expect(parts).toEqual([...new NumpyRandom(1).randn(3)]);
});

test("uniform(-1, 1) is NumPy's", () => {
  expect(new NumpyRandom(1).uniform(-1, 1, 4)).toBeAllclose(
    [-0.16595599, 0.44064899, -0.99977125, -0.39533485],
    { rtol: 1e-7 },
  );
});

test.each([-1, 1.5, 2 ** 32, NaN])("refuses the seed %s", (seed) => {
  expect(() => new NumpyRandom(seed)).toThrow(`invalid seed: ${seed}`);
});
