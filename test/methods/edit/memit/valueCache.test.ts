import { expect, test } from "vitest";
import type { MemitHyperparameters } from "../../../../src/methods/edit/memit/MemitHyperparameters.ts";
import { knownStates, valueName } from "../../../../src/methods/edit/memit/valueCache.ts";

const fact = { prompt: "{} is in", subject: "The Glass Tower", target: "Brno" };
const hyperparameters: MemitHyperparameters = {
  layers: [1, 3],
  lambda: 100,
  steps: 20,
  learningRate: 0.5,
  clamp: 4,
  weightDecay: 0.5,
  klFactor: 0.0625,
  factToken: "subject_last",
};
const model = { stamp: "1f".repeat(32), precision: "f32" };
const contexts = [["{}"], ["It rains. {}"]];
const nameWith = (change: Partial<MemitHyperparameters>) =>
  valueName(model, fact, { hyperparameters: { ...hyperparameters, ...change }, contexts });

test("a name does not depend on λ, the layers below the last, or the order of settings", () => {
  const reversed = Object.fromEntries(Object.entries(hyperparameters).reverse());
  const name = nameWith({});
  expect(nameWith({ lambda: 7, layers: [0, 2, 3] })).toBe(name);
  expect(nameWith(reversed as Partial<MemitHyperparameters>)).toBe(name);
  const other = { hyperparameters: reversed as unknown as MemitHyperparameters, contexts };
  expect(
    valueName(model, { target: "Brno", subject: fact.subject, prompt: fact.prompt }, other),
  ).toBe(name);
});

test.each<[string, string]>([
  ["the last layer", nameWith({ layers: [1, 2] })],
  ["steps", nameWith({ steps: 21 })],
  ["clamp", nameWith({ clamp: 3 })],
  ["contexts", valueName(model, fact, { hyperparameters, contexts: [["{}"]] })],
  ["the target", valueName(model, { ...fact, target: "Oster" }, { hyperparameters, contexts })],
  [
    "the model, whatever its folder is called",
    valueName({ ...model, stamp: "2e".repeat(32) }, fact, { hyperparameters, contexts }),
  ],
  ["the precision", valueName({ ...model, precision: "q4" }, fact, { hyperparameters, contexts })],
])("a name depends on %s", (_, name) => {
  expect(name).not.toBe(nameWith({}));
});

test("what is of another width or not finite is searched for again", async () => {
  const values = [Float32Array.of(1, 2), Float32Array.of(1), Float32Array.of(1, NaN), undefined];
  const cache = {
    get: (name: string) => Promise.resolve(values[Number(name)]),
    set: () => Promise.resolve(),
  };
  const states = await knownStates(cache, ["0", "1", "2", "3"], 2);
  expect(states).toEqual([
    { z: Float64Array.of(1, 2), steps: [] },
    undefined,
    undefined,
    undefined,
  ]);
  expect(await knownStates(undefined, ["0"], 2)).toEqual([undefined]);
});
