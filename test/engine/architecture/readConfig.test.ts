import { describe, expect, test } from "vitest";
import { parseConfig, readConfig } from "../../../src/engine/architecture/readConfig.ts";
import { memoryFiles } from "../../support/engine/memoryFiles.ts";

const gpt2 = {
  model_type: "gpt2",
  n_layer: 12,
  n_embd: 768,
  n_head: 12,
  n_positions: 1024,
  vocab_size: 50257,
  layer_norm_epsilon: 1e-5,
};
const gptj = {
  model_type: "gptj",
  activation_function: "gelu_new",
  n_layer: 28,
  n_embd: 4096,
  n_head: 16,
  n_inner: null,
  n_positions: 2048,
  rotary_dim: 64,
  tie_word_embeddings: false,
  vocab_size: 50400,
};
const parse = (json: unknown) => parseConfig(json, "tiny", "main");

test("GPT-2: the fields of METHODS 1.3, with the defaults of its class", () => {
  expect(parse(gpt2)).toEqual({
    architecture: "gpt2",
    name: "tiny",
    revision: "main",
    layers: 12,
    dModel: 768,
    dMlp: 3072,
    heads: 12,
    vocab: 50257,
    positions: 1024,
    layerNormEpsilon: 1e-5,
    rotaryDim: 0,
    tied: true,
  });
  expect(parse({ ...gpt2, n_inner: 100, tie_word_embeddings: false })).toMatchObject({
    dMlp: 100,
    tied: false,
  });
});

test("GPT-J: rotary, untied", () => {
  expect(parse(gptj)).toMatchObject({
    architecture: "gptj",
    dMlp: 16384,
    rotaryDim: 64,
    layerNormEpsilon: 1e-5,
    tied: false,
  });
  const { tie_word_embeddings: tie, rotary_dim: rotary, ...rest } = gptj;
  expect(parse(rest)).toMatchObject({ rotaryDim: rotary, tied: tie });
});

describe("refused with one sentence", () => {
  test.each([
    [
      "an unknown architecture",
      { ...gpt2, model_type: "llama" },
      "unknown architecture: llama (supported: gpt2, gptj)",
    ],
    [
      "no architecture",
      { ...gpt2, model_type: undefined },
      'config.json of tiny lacks "model_type"',
    ],
    ["no layers", { ...gpt2, n_layer: undefined }, 'config.json of tiny lacks "n_layer"'],
    ["half a layer", { ...gpt2, n_layer: 1.5 }, "invalid n_layer: 1.5 (a whole number above 0)"],
    ["a width as text", { ...gpt2, n_embd: "768" }, 'invalid n_embd: "768" (a whole number'],
    [
      "heads that do not divide",
      { ...gpt2, n_head: 7 },
      "invalid n_head: 7 (must divide n_embd 768)",
    ],
    ["an epsilon of 0", { ...gpt2, layer_norm_epsilon: 0 }, "invalid layer_norm_epsilon: 0"],
    ["an odd rotation", { ...gptj, rotary_dim: 5 }, "invalid rotary_dim: 5 (even, at most 256"],
    ["a rotation wider than a head", { ...gptj, rotary_dim: 300 }, "invalid rotary_dim: 300"],
    [
      "another activation",
      { ...gpt2, activation_function: "relu" },
      'unsupported activation_function: "relu"',
    ],
    [
      "another scaling of attention",
      { ...gpt2, scale_attn_by_inverse_layer_idx: true },
      "scale_attn_by_inverse_layer_idx: true is not supported",
    ],
    ["no object", [gpt2], "config.json of tiny is not a JSON object"],
  ])("%s", (_, json, sentence) => {
    expect(() => parse(json)).toThrow(sentence);
  });
});

test("config.json is read from the model's files; a damaged or missing one is a sentence", async () => {
  expect(await readConfig(memoryFiles({ "config.json": gpt2 }))).toMatchObject({
    name: "tiny",
    revision: "test",
    layers: 12,
  });
  await expect(readConfig(memoryFiles({ "config.json": '{"n_layer": 1' }))).rejects.toThrow(
    "config.json of tiny is not JSON",
  );
  await expect(readConfig(memoryFiles({}))).rejects.toThrow("tiny has no config.json");
});
