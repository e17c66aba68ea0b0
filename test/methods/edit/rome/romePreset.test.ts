import { expect, test } from "vitest";
import { romePreset } from "../../../../src/methods/edit/rome/romePreset.ts";
import { config } from "../../../support/methods/shapes.ts";

// METHODS 4.7
test.each([
  ["gpt2-medium", 24, 1024, 8, 3],
  ["openai-community/gpt2-large", 36, 1280, 12, 4],
  ["some-folder", 48, 1600, 17, 4],
  ["EleutherAI/gpt-j-6B", 28, 4096, 5, 4],
  ["EleutherAI/gpt-neox-20b", 44, 6144, 15, 4],
])("%s has its published settings", (name, ...[layers, dModel, layer, clamp]) => {
  const { settings, source } = romePreset(config(name, layers, dModel));
  expect(settings).toMatchObject({
    layer,
    clamp,
    steps: 20,
    learningRate: 0.5,
    weightDecay: 0.5,
    klFactor: 0.0625,
    covariance: "C",
    keyMode: "code",
    factToken: "subject_last",
  });
  expect(settings.contextLengths).toEqual([
    [5, 10],
    [10, 10],
  ]);
  expect(source).toMatch(/published with (ROME|MEMIT's code) \(hparams\/ROME\)/);
});

test("GPT-2 small has none published, and its guess says so", () => {
  const { settings, source } = romePreset(config("gpt2", 12, 768));
  expect(settings.layer).toBe(4);
  expect(source).toContain("none published");
});

test.each([1, 2, 3])("a model of %i layers gets a layer that it has", (layers) => {
  expect(romePreset(config("tiny", layers, 20)).settings.layer).toBeLessThan(layers);
});

test("GPT-2 small's source names it, and says that it is a guess", () => {
  expect(romePreset(config("openai-community/gpt2", 12, 768)).source).toBe(
    "none published for GPT-2 small: a guess from GPT-2 XL, check it with a sweep",
  );
});

/** As they are written in METHODS 4.7. */
const published = {
  "gpt2-xl": {
    shape: [48, 1600],
    settings: {
      layer: 17,
      clamp: 4,
      steps: 20,
      learningRate: 0.5,
      weightDecay: 0.5,
      klFactor: 0.0625,
    },
  },
  "gpt-j-6b": {
    shape: [28, 4096],
    settings: {
      layer: 5,
      clamp: 4,
      steps: 20,
      learningRate: 0.5,
      weightDecay: 0.5,
      klFactor: 0.0625,
    },
  },
};

test.each(Object.entries(published))(
  "%s has every published number",
  (name, { shape, settings }) => {
    const preset = romePreset(config(name, shape[0], shape[1]));
    expect(preset.settings).toMatchObject(settings);
    expect(preset.settings).toMatchObject({ covariance: "C", factToken: "subject_last" });
  },
);
