import { expect, test } from "vitest";
import { smallestRidge } from "../../../src/kernels/solve/ridge.ts";

/** A matrix that needs at least this ridge. */
const needs = (least: number) => {
  const asked: number[] = [];
  const mends = (ridge: number) => {
    asked.push(ridge);
    return Promise.resolve(ridge >= least);
  };
  return { mends, asked };
};

test.for([
  [1e-17, 1e-16],
  [1.5e-9, 2e-9],
  [2e-4, 2e-4],
  [0.3, 0.5],
  [0.7, 1],
  [4000, 5000],
])("finds the smallest of 1, 2 and 5 · 10ᵏ that is at least %d: %d", async ([least, part]) => {
  const { mends, asked } = needs(least);
  expect(await smallestRidge(1, mends)).toEqual({ ridge: part, part });
  expect(asked.length).toBeLessThan(8);
});

test("is in parts of the mean diagonal, rounded up to two digits", async () => {
  const { mends } = needs(0.02);
  const found = await smallestRidge(3.14159, mends);
  expect(found).toEqual({ ridge: 0.032, part: 0.01 });
});

test("is undefined where nothing helps", async () => {
  expect(await smallestRidge(1, needs(1e9).mends)).toBeUndefined();
  expect(await smallestRidge(0, needs(0).mends)).toBeUndefined();
  expect(await smallestRidge(NaN, needs(0).mends)).toBeUndefined();
});
