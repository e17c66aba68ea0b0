import { expect, test } from "vitest";
import { knownModels } from "../../../src/engine/architecture/knownModels.ts";
import { checkpointBytes, parameterCount } from "../../../src/engine/footprint/loadingBytes.ts";

// METHODS 1.3: n_layer, n_embd, n_head, n_inner, n_positions, vocab_size, rotary_dim, tie_word_embeddings.
test.each([
  ["openai-community/gpt2", [12, 768, 12, 3072, 1024, 50257, 0, true]],
  ["openai-community/gpt2-medium", [24, 1024, 16, 4096, 1024, 50257, 0, true]],
  ["openai-community/gpt2-large", [36, 1280, 20, 5120, 1024, 50257, 0, true]],
  ["openai-community/gpt2-xl", [48, 1600, 25, 6400, 1024, 50257, 0, true]],
  ["EleutherAI/gpt-j-6b", [28, 4096, 16, 16384, 2048, 50400, 64, false]],
  ["EleutherAI/pythia-70m", [6, 512, 8, 2048, 2048, 50304, 16, false]],
  ["EleutherAI/pythia-2.8b", [32, 2560, 32, 10240, 2048, 50304, 20, false]],
])("%s has the published shape", (id, shape) => {
  const found = knownModels.filter((model) => model.id === id);
  expect(found.length).toBeGreaterThan(0);
  for (const { config } of found) {
    const { layers, dModel, heads, dMlp, positions, vocab, rotaryDim, tied } = config;
    expect([layers, dModel, heads, dMlp, positions, vocab, rotaryDim, tied]).toEqual(shape);
    expect(config.name).toBe(id);
  }
});

test.each(knownModels)("$name has as many parameters as its shape makes", (model) => {
  expect(parameterCount(model.config)).toBe(model.parameters);
  expect(model.config.revision).toBe(model.revision);
});

test.each(knownModels)(
  "$name's files are as large as its numbers",
  ({ config, revision, files, parameters }) => {
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const isHalf = revision === "float16" || config.name.includes("pythia");
    const expected = checkpointBytes(config) - (isHalf ? 2 * parameters : 0);
    expect(Math.abs(bytes / expected - 1)).toBeLessThan(1e-3);
  },
);
