import { expect, test } from "vitest";
import { memitPreset } from "../../../../src/methods/edit/memit/memitPreset.ts";
import { config } from "../../../support/methods/shapes.ts";

test("GPT-2 small's source names it, and says that it is a guess", () => {
  const { source } = memitPreset(config("openai-community/gpt2", 12, 768));
  expect(source).toBe("none published for GPT-2 small: a guess from GPT-2 XL");
});

test.each([
  ["GPT-2 medium", 24, 1024, 8],
  ["GPT-2 large", 36, 1280, 12],
])("%s has ROME's settings but none of MEMIT", (name, ...[layers, dModel, layer]) => {
  const { settings, source } = memitPreset(config("folder", layers, dModel));
  expect(source).toContain(`MEMIT was published for GPT-2 XL and GPT-J, not for ${name}`);
  expect(settings.layers).toEqual([4, 3, 2, 1, 0].map((below) => layer - below));
});

/** As they are written in METHODS 5.5. */
const published = {
  "gpt2-xl": {
    shape: [48, 1600],
    settings: { layers: [13, 14, 15, 16, 17], lambda: 20000, steps: 20, clamp: 0.75 },
  },
  "gpt-j-6b": {
    shape: [28, 4096],
    settings: { layers: [3, 4, 5, 6, 7, 8], lambda: 15000, steps: 25, clamp: 0.75 },
  },
  "gpt-neox-20b": {
    shape: [44, 6144],
    settings: { layers: [6, 7, 8, 9, 10], lambda: 20000, steps: 20, clamp: 0.3 },
  },
};

test.each(Object.entries(published))("%s has every published number", (name, expected) => {
  const [layers, dModel] = expected.shape;
  const { settings, source } = memitPreset(config(name, layers, dModel));
  expect(settings).toMatchObject(expected.settings);
  expect(settings).toMatchObject({
    learningRate: 0.5,
    weightDecay: 0.5,
    klFactor: 0.0625,
    factToken: "subject_last",
  });
  expect(source).toContain("published with MEMIT");
});
