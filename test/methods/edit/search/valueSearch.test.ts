import { expect, test } from "vitest";
import type { SearchGoal } from "../../../../src/methods/edit/Objective.ts";
import { ValueSearch } from "../../../../src/methods/edit/search/valueSearch.ts";

const settings = {
  steps: 20,
  learningRate: 0.1,
  clamp: 1e6,
  weightDecay: 0.5,
  klFactor: 0.25,
};
const initial = Float64Array.of(0.6, -0.8, 0.3);
/** Two contexts' NLL are linear in δ, the KL is |δ|². */
const slopes = [Float64Array.of(-0.4, 0.2, 0.1), Float64Array.of(-0.2, -0.6, 0.5)];
const heights = [0.7, 1.1];

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, i) => sum + x * b[i], 0);
const meanSlope = slopes[0].map((x, i) => (x + slopes[1][i]) / 2);

/** The search as it is, on these losses. */
function searched(goal: SearchGoal) {
  const search = new ValueSearch(initial, { ...settings, ...goal });
  while (!search.done) {
    const { delta } = search;
    const kl = dot(delta, delta);
    const pull = delta.map((x) => settings.klFactor * 2 * x);
    const nll = Float64Array.from(slopes, (slope, c) => heights[c] + dot(slope, delta));
    const gradient =
      goal.objective?.target === "minimise" ? pull : pull.map((x, i) => x + meanSlope[i]);
    search.observe({ nll, kl, gradient, nllGradient: meanSlope });
  }
  return search;
}

/** METHODS 8.3 as it is written: Adam on exp(−mean NLL) + KL + decay, in float64. */
function transcribed(moves: number) {
  let delta = [0, 0, 0];
  const [m, v] = [delta.slice(), delta.slice()];
  const losses: number[] = [];
  const square = dot(initial, initial);
  for (let t = 1; t <= settings.steps; t++) {
    const nll = (heights[0] + heights[1]) / 2 + delta.reduce((s, x, i) => s + x * meanSlope[i], 0);
    const length = Math.hypot(...delta);
    const kl = settings.klFactor * length ** 2;
    losses.push(Math.exp(-nll) + kl + (settings.weightDecay * length) / square);
    if (t > moves) break;
    const g = delta.map((x, i) => {
      const decay = length === 0 ? 0 : (settings.weightDecay / square) * (x / length);
      return -Math.exp(-nll) * meanSlope[i] + settings.klFactor * 2 * x + decay;
    });
    delta = delta.map((x, i) => {
      m[i] = 0.9 * m[i] + 0.1 * g[i];
      v[i] = 0.999 * v[i] + 0.001 * g[i] ** 2;
      const [mean, spread] = [m[i] / (1 - 0.9 ** t), v[i] / (1 - 0.999 ** t)];
      return x - (settings.learningRate * mean) / (Math.sqrt(spread) + 1e-8);
    });
  }
  return { losses, delta };
}

test("erasure goes the way that its formula says, and looks at all losses", () => {
  const found = searched({ objective: { target: "minimise" } });
  const expected = transcribed(settings.steps - 1);
  expect(found.steps.map(({ loss }) => loss)).toBeAllclose(expected.losses, { rtol: 1e-9 });
  expect(found.delta).toBeAllclose(expected.delta, { rtol: 1e-9 });
  expect(found.steps).toHaveLength(settings.steps);
  expect(found.steps[19].probability).toBeLessThan(found.steps[0].probability);
});

test("a last move follows the last loss where that is asked for", () => {
  const found = searched({ objective: { target: "minimise" }, stop: { moveLast: true } });
  const expected = transcribed(settings.steps);
  expect(found.steps).toHaveLength(settings.steps);
  expect(found.delta).toBeAllclose(expected.delta, { rtol: 1e-9 });
});

test("the usual goal said aloud is the usual goal, to the last bit", () => {
  const usual = searched({});
  const said = searched({ objective: { target: "maximise" }, stop: { below: 0.05, patience: 1 } });
  expect(said.delta).toEqual(usual.delta);
  expect(said.steps).toEqual(usual.steps);
});

test("a stop may wait for several low losses in a row, or for none", () => {
  const losses = (goal: SearchGoal) => searched(goal).steps.map(({ loss }) => loss);
  const all = losses({ stop: {} });
  expect(all).toHaveLength(settings.steps);
  const below = all[4] + 1e-9;
  const first = all.findIndex((loss) => loss < below);
  expect(losses({ stop: { below } })).toHaveLength(first + 1);
  expect(losses({ stop: { below, patience: 3 } })).toHaveLength(first + 3);
});
