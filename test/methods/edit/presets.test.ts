import { expect, test } from "vitest";
import type { ModelConfig } from "../../../src/engine/architecture/config.ts";
import { memitPreset, romePreset, tracePreset } from "../../../src/methods/edit/presets.ts";

function config(name: string, layers: number, dModel: number): ModelConfig {
  return {
    architecture: "gpt2",
    name,
    revision: "main",
    layers,
    dModel,
    dMlp: 4 * dModel,
    heads: 16,
    vocab: 50257,
    positions: 1024,
    layerNormEpsilon: 1e-5,
    rotaryDim: 0,
    tied: true,
  };
}

// METHODS 4.7
test.each([
  ["gpt2-medium", 24, 1024, 8, 3],
  ["openai-community/gpt2-large", 36, 1280, 12, 4],
  ["some-folder", 48, 1600, 17, 4],
  ["EleutherAI/gpt-j-6B", 28, 4096, 5, 4],
])("%s has its published settings", (name, ...[layers, dModel, layer, clamp]) => {
  const preset = romePreset(config(name, layers, dModel));
  expect(preset).toMatchObject({
    layer,
    clamp,
    steps: 20,
    learningRate: 0.5,
    weightDecay: 0.5,
    klFactor: 0.0625,
    mom2Adjustment: true,
    keyMode: "code",
    factToken: "subject_last",
  });
  expect(preset.contextLengths).toEqual([
    [5, 10],
    [10, 10],
  ]);
  expect(preset.source).toContain("published with ROME");
});

test("GPT-2 small has none published, and its guess says so", () => {
  const preset = romePreset(config("gpt2", 12, 768));
  expect(preset.layer).toBe(4);
  expect(preset.source).toContain("none published");
});

test.each([1, 2, 3])("a model of %i layers gets a layer that it has", (layers) => {
  expect(romePreset(config("tiny", layers, 20)).layer).toBeLessThan(layers);
});

test("GPT-2 small's sources name it, and say that they are guesses", () => {
  const small = config("openai-community/gpt2", 12, 768);
  expect(romePreset(small).source).toBe(
    "none published for GPT-2 small: a guess from GPT-2 XL, check it with a sweep",
  );
  expect(memitPreset(small).source).toBe("none published for GPT-2 small: a guess from GPT-2 XL");
});

test.each([
  ["GPT-2 medium", 24, 1024, 8],
  ["GPT-2 large", 36, 1280, 12],
])("%s has ROME's settings but none of MEMIT", (name, ...[layers, dModel, layer]) => {
  const preset = memitPreset(config("folder", layers, dModel));
  expect(preset.source).toContain(`MEMIT was published for GPT-2 XL and GPT-J, not for ${name}`);
  expect(preset.layers).toEqual([4, 3, 2, 1, 0].map((below) => layer - below));
});

/** METHODS 4.7, 5.5, 2.4, 2.5, as they are written there. */
const published = {
  "gpt2-xl": {
    shape: [48, 1600],
    rome: { layer: 17, clamp: 4, steps: 20, learningRate: 0.5, weightDecay: 0.5, klFactor: 0.0625 },
    memit: { layers: [13, 14, 15, 16, 17], lambda: 20000, steps: 20, clamp: 0.75 },
    trace: { samples: 10, window: 10, noise: { kind: "sigma", factor: 3 } },
    script: "level 0.1",
  },
  "gpt-j-6b": {
    shape: [28, 4096],
    rome: { layer: 5, clamp: 4, steps: 20, learningRate: 0.5, weightDecay: 0.5, klFactor: 0.0625 },
    memit: { layers: [3, 4, 5, 6, 7, 8], lambda: 15000, steps: 25, clamp: 0.75 },
    trace: { samples: 10, window: 10, noise: { kind: "sigma", factor: 3 } },
    script: "level 0.025",
  },
};

test.each(Object.entries(published))("%s has every published number", (name, expected) => {
  const [layers, dModel] = expected.shape;
  const model = config(name, layers, dModel);
  expect(romePreset(model)).toMatchObject(expected.rome);
  expect(romePreset(model)).toMatchObject({ mom2Adjustment: true, factToken: "subject_last" });
  expect(memitPreset(model)).toMatchObject(expected.memit);
  expect(memitPreset(model)).toMatchObject({
    learningRate: 0.5,
    weightDecay: 0.5,
    klFactor: 0.0625,
    factToken: "subject_last",
  });
  expect(memitPreset(model).source).toContain("published with MEMIT");
  expect(tracePreset(model)).toMatchObject(expected.trace);
  expect(tracePreset(model).source).toContain(expected.script);
});

test("models whose scripts set nothing have the code's default noise", () => {
  const preset = tracePreset(config("gpt2-large", 36, 1280));
  expect(preset.noise).toEqual({ kind: "sigma", factor: 3 });
  expect(preset.source).toBe("the default of ROME's code");
});

test("the built-in model's windows are three layers", () => {
  expect(tracePreset(config("demo", 8, 256)).window).toBe(3);
});
