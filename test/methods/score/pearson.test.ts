import { expect, test } from "vitest";
import { pearson } from "../../../src/methods/score/pearson.ts";

const close = { rtol: 1e-12, atol: 1e-12 };

test("r is 1 of a line and −1 of a falling one, whatever its scale", () => {
  const x = [1, 2, 4, 8];
  expect([pearson(x, [10, 20, 40, 80])]).toBeAllclose([1], close);
  expect([pearson(x, [-1, -2, -4, -8])]).toBeAllclose([-1], close);
});

test("r of four points, by hand", () => {
  // Means 2 and 3; products −1·1, 0·0, 0·−3, 1·2; squares 2 and 14.
  expect([pearson([1, 2, 2, 3], [4, 3, 0, 5])]).toBeAllclose([1 / Math.sqrt(2 * 14)], close);
});

test("r of what does not vary is no number", () => {
  expect(pearson([1, 1], [1, 2])).toBeNaN();
});
