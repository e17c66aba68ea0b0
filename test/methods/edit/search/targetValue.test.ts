import { expect, test } from "vitest";
import type { EditRows } from "../../../../src/methods/edit/editRows.ts";
import {
  optimiseValue,
  type ValueProblem,
} from "../../../../src/methods/edit/search/targetValue.ts";

/** One context and a one-token target: the rows only name positions here. */
const rows: EditRows = {
  tokens: [[1, 2], [1]],
  lookups: [0, 0],
  contexts: 1,
  essence: 1,
  bare: 0,
  targets: [{ row: 0, token: 1, target: 3 }],
  targetLength: 1,
};

const problem: ValueProblem = {
  rows,
  steps: 20,
  learningRate: 0.5,
  clamp: 4,
  weightDecay: 0.5,
  klFactor: 0.0625,
  initial: Float64Array.of(3, 4),
  reference: Float32Array.of(-1, -1),
};

/** An NLL of `height` minus the first coordinate, and a KL of the second one's square. */
function slope(height: number) {
  const seen: Float32Array[] = [];
  const evaluate = (added: Float32Array) => {
    seen.push(added);
    const nll = Float32Array.of(height - added[0]);
    const kl = Float32Array.of(added[1] ** 2);
    const gradient = Float32Array.of(-1, 0.0625 * 2 * added[1]);
    return Promise.resolve({ nll, kl, gradient });
  };
  return { seen, evaluate };
}

test("n steps look at n losses and move n − 1 times (METHODS 4.5)", async () => {
  const continuation = slope(1e6);
  const { steps } = await optimiseValue(continuation, { ...problem, clamp: 100 });
  expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(continuation.seen[0]).toEqual(Float32Array.of(0, 0));
  expect(continuation.seen[19][0]).toBeGreaterThan(18 * 0.49);
});

test("one step looks once and moves nothing", async () => {
  const { vStar, steps } = await optimiseValue(slope(10), { ...problem, steps: 1 });
  expect(steps).toHaveLength(1);
  expect(vStar).toEqual(problem.initial);
});

test("it stops before a step once the loss is below 0.05", async () => {
  const { steps } = await optimiseValue(slope(1), { ...problem, weightDecay: 0 });
  expect(steps.map(({ loss }) => loss < 0.05)).toEqual([false, false, true]);
});

test("δ is kept within the clamp times the norm of the first value", async () => {
  const { steps, vStar } = await optimiseValue(slope(1e6), { ...problem, clamp: 0.5 });
  expect(Math.max(...steps.map((step) => step.norm))).toBeLessThanOrEqual(2.5 + 1e-12);
  expect([vStar[0]]).toBeAllclose([3 + 2.5], { rtol: 1e-6 });
});

test("the three terms are reported and add up", async () => {
  const { steps } = await optimiseValue(slope(10), problem);
  for (const step of steps) {
    expect([step.nll + step.kl + step.decay]).toBeAllclose([step.loss]);
    expect([step.decay]).toBeAllclose([(0.5 * step.norm) / 25]);
    expect([step.probability]).toBeAllclose([Math.exp(-step.nll)]);
  }
});

test("decay pulls δ back: with a flat loss a displaced δ never grows", async () => {
  let first = true;
  const evaluate = () => {
    const gradient = first ? Float32Array.of(-1, 0) : Float32Array.of(0, 0);
    first = false;
    const [nll, kl] = [Float32Array.of(10), Float32Array.of(0)];
    return Promise.resolve({ nll, kl, gradient });
  };
  const run = async (weightDecay: number) => {
    first = true;
    return optimiseValue({ evaluate }, { ...problem, weightDecay });
  };
  const [free, decayed] = [await run(0), await run(1000)];
  expect(decayed.steps[19].norm).toBeLessThan(free.steps[19].norm);
});
