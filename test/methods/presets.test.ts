import { expect, test } from "vitest";
import type { ModelConfig } from "../../src/engine/config.ts";
import { romePreset } from "../../src/methods/presets.ts";

function config(name: string, layers: number, dModel: number): ModelConfig {
  return {
    ...{ architecture: "gpt2", name, revision: "main", layers, dModel, dMlp: 4 * dModel },
    ...{ heads: 16, vocab: 50257, positions: 1024, layerNormEpsilon: 1e-5 },
    ...{ rotaryDim: 0, tied: true },
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
    ...{ layer, clamp, steps: 20, learningRate: 0.5, weightDecay: 0.5, klFactor: 0.0625 },
    ...{ mom2Adjustment: true, keyMode: "code", factToken: "subject_last" },
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
