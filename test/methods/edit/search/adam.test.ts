import { expect, test } from "vitest";
import { Adam } from "../../../../src/methods/edit/search/adam.ts";

test("the first step is the learning rate against the gradient's sign", () => {
  const x = Float64Array.of(1, 1, 1);
  new Adam(3, { learningRate: 0.5 }).step(x, Float64Array.of(3, -0.01, 0));
  expect(x).toBeAllclose([0.5, 1.5, 1], { rtol: 1e-5 });
});

/** The update rule of Kingma and Ba, algorithm 1, three times on x₀² + 3 x₁ from (1, −2). */
function algorithm1(): number[] {
  const x = [1, -2];
  const m = [0, 0];
  const v = [0, 0];
  for (let t = 1; t <= 3; t++) {
    const g = [2 * x[0], 3];
    for (let i = 0; i < 2; i++) {
      m[i] = 0.9 * m[i] + 0.1 * g[i];
      v[i] = 0.999 * v[i] + 0.001 * g[i] ** 2;
      const mHat = m[i] / (1 - 0.9 ** t);
      const vHat = v[i] / (1 - 0.999 ** t);
      x[i] -= (0.1 * mHat) / (Math.sqrt(vHat) + 1e-8);
    }
  }
  return x;
}

test("three steps are those of the paper's algorithm", () => {
  const x = Float64Array.of(1, -2);
  const adam = new Adam(2, { learningRate: 0.1 });
  for (let i = 0; i < 3; i++) adam.step(x, Float64Array.of(2 * x[0], 3));
  expect(x).toBeAllclose(algorithm1(), { rtol: 1e-12 });
});
