import { expect, test } from "vitest";
import type { MemitHyperparameters } from "../../../src/methods/edit/memit/MemitHyperparameters.ts";
import type { RomeHyperparameters } from "../../../src/methods/edit/rome/RomeHyperparameters.ts";
import {
  contextLengthsOf,
  layersOf,
  linesOf,
  memitDefaults,
  memitSettings,
  noiseOf,
  numberOf,
  romeDefaults,
  romeSettings,
  traceDefaults,
  traceSettings,
} from "../../../src/ui/edit/fields.ts";

const preset: RomeHyperparameters = {
  layer: 2,
  steps: 20,
  learningRate: 0.5,
  clamp: 4,
  weightDecay: 0.5,
  klFactor: 0.0625,
  keyMode: "code",
  covariance: "C",
  factToken: "subject_last",
  contextLengths: [
    [5, 10],
    [10, 10],
  ],
};

test("a preset shown as text and read back is the same preset", () => {
  const text = romeDefaults(preset);
  expect(romeSettings(text, preset, 8)).toEqual({ hyperparameters: preset, seed: 0 });
});

test("what the fields say is what ROME gets", () => {
  const text = { ...romeDefaults(preset), keyMode: "r-rome", covariance: "I", contexts: "3×7" };
  const { hyperparameters } = romeSettings(text, preset, 8);
  expect(hyperparameters).toMatchObject({ keyMode: "r-rome", covariance: "I" });
  expect(hyperparameters.contextLengths).toEqual([[7, 3]]);
});

test("a layer out of range is refused with the range", () => {
  const at = (layer: string) => () => romeSettings({ ...romeDefaults(preset), layer }, preset, 8);
  expect(at("52")).toThrow("invalid layer: 52 (this model has 0–7)");
  expect(at("-1")).toThrow("invalid layer: -1");
  expect(at("")).toThrow("invalid layer: nothing");
  expect(at("1.5")).toThrow("invalid layer: 1.5");
});

test("a number that is none is refused with what would do", () => {
  expect(() => numberOf("samples", "ten", { integer: true, min: 1, max: 1000 })).toThrow(
    "invalid samples: ten (a whole number from 1 to 1000)",
  );
  expect(() => numberOf("clamp", "-1", { min: 0 })).toThrow("a number, 0 or more");
  expect(numberOf("clamp", " −1.5 ")).toBe(-1.5);
});

test("the noise is read as the authors write it", () => {
  expect(noiseOf("3s")).toEqual({ kind: "sigma", factor: 3 });
  expect(noiseOf("s3")).toEqual({ kind: "sigma", factor: 3 });
  expect(noiseOf("s")).toEqual({ kind: "sigma", factor: 1 });
  expect(noiseOf("0.1")).toEqual({ kind: "level", level: 0.1 });
  expect(noiseOf("u0.2")).toEqual({ kind: "uniform", level: 0.2 });
  for (const bad of ["", "loud", "-1", "xs"]) expect(() => noiseOf(bad)).toThrow("invalid noise");
});

test("a trace’s defaults are the settings of its preset", () => {
  const noises = [
    { kind: "sigma", factor: 3 },
    { kind: "level", level: 0.1 },
    { kind: "uniform", level: 0.2 },
  ] as const;
  for (const noise of noises) {
    const settings = traceSettings(traceDefaults({ window: 3, samples: 10, noise }));
    expect(settings).toEqual({ window: 3, samples: 10, seed: 1, noise });
  }
});

test("context lengths and lines", () => {
  expect(contextLengthsOf("")).toEqual([]);
  expect(() => contextLengthsOf("ten")).toThrow("invalid contexts: ten");
  expect(linesOf("a\n\n  b \n")).toEqual(["a", "b"]);
});

const memit: MemitHyperparameters = {
  layers: [0, 1, 2],
  lambda: 100,
  steps: 40,
  learningRate: 1,
  clamp: 20,
  weightDecay: 0.5,
  klFactor: 0.0625,
  factToken: "subject_last",
};

test("MEMIT's preset shown as text and read back is the same preset", () => {
  expect(memitSettings(memitDefaults(memit), memit, 8)).toEqual({
    hyperparameters: memit,
    seed: 0,
  });
  expect(() => memitSettings({ ...memitDefaults(memit), lambda: "much" }, memit, 8)).toThrow(
    "invalid λ: much (a number, 0 or more)",
  );
});

test("layers are a list or a span, each once, in order", () => {
  expect(layersOf("13–17", 48)).toEqual([13, 14, 15, 16, 17]);
  expect(layersOf("4, 2-3 3", 8)).toEqual([2, 3, 4]);
  for (const bad of ["1-9", "3-1", "x", "1.5", "-1"])
    expect(() => layersOf(bad, 8)).toThrow(`invalid layers: ${bad} (this model has 0–7)`);
  expect(() => layersOf(" ", 8)).toThrow("invalid layers: nothing");
});
