import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/engine/architecture/parseConfig.ts";
import { readConfig } from "../../../src/engine/architecture/readConfig.ts";
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

const pythia = {
  model_type: "gpt_neox",
  hidden_act: "gelu",
  hidden_size: 512,
  intermediate_size: 2048,
  layer_norm_eps: 1e-5,
  max_position_embeddings: 2048,
  num_attention_heads: 8,
  num_hidden_layers: 6,
  rotary_emb_base: 10000,
  rotary_pct: 0.25,
  tie_word_embeddings: false,
  use_parallel_residual: true,
  vocab_size: 50304,
};

test("GPT-NeoX: as the Hub's configs have it", () => {
  expect(parse(pythia)).toEqual({
    architecture: "gpt_neox",
    name: "tiny",
    revision: "main",
    layers: 6,
    dModel: 512,
    dMlp: 2048,
    heads: 8,
    vocab: 50304,
    positions: 2048,
    layerNormEpsilon: 1e-5,
    rotaryDim: 16,
    rotaryBase: 10000,
    activation: "gelu",
    parallel: true,
    attentionBias: true,
    tied: false,
  });
  // Another name of GPT-2's activation.
  expect(parse({ ...pythia, hidden_act: "gelu_fast" })).toMatchObject({ activation: "gelu_new" });
  expect(parse({ ...pythia, rope_scaling: null })).toMatchObject({ rotaryDim: 16 });
});

test("GPT-NeoX: as new transformers writes its rotation", () => {
  const { rotary_pct: _, rotary_emb_base: __, ...rest } = pythia;
  const rope = { rope_type: "default", rope_theta: 500, partial_rotary_factor: 0.5 };
  expect(parse({ ...rest, rope_parameters: rope })).toMatchObject({
    rotaryDim: 32,
    rotaryBase: 500,
  });
  expect(parse({ ...rest, rope_parameters: { rope_theta: 500 } })).toMatchObject({
    rotaryDim: 16,
    rotaryBase: 500,
  });
  expect(parse({ ...rest, use_parallel_residual: false, attention_bias: false })).toMatchObject({
    rotaryDim: 16,
    rotaryBase: 10000,
    parallel: false,
    attentionBias: false,
  });
});

describe("refused with one sentence", () => {
  test.each([
    [
      "an unknown architecture",
      { ...gpt2, model_type: "llama" },
      "unknown architecture: llama (supported: gpt2, gptj, gpt_neox)",
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
    [
      "an activation of NeoX that is another",
      { ...pythia, hidden_act: "relu" },
      'unsupported hidden_act: "relu" (supported: gelu, gelu_new',
    ],
    [
      "positions scaled in an old config",
      { ...pythia, rope_scaling: { type: "linear", factor: 2 } },
      'unsupported rope_type: "linear"',
    ],
    [
      "positions scaled in a new config",
      { ...pythia, rope_parameters: { rope_type: "yarn", rope_theta: 1 } },
      'unsupported rope_type: "yarn"',
    ],
    ["a share above one", { ...pythia, rotary_pct: 1.5 }, "invalid rotary_pct: 1.5 (a share"],
    ["an odd share", { ...pythia, rotary_pct: 0.21 }, "invalid rotary_pct: 13 (even, at most 64"],
    ["no object", [gpt2], "config.json of tiny is not a JSON object"],
    ["layers beyond any memory", { ...gpt2, n_layer: 1e9 }, "n_layer: 1000000000 (at most 1024)"],
    ["a width beyond any", { ...gpt2, n_embd: 2 ** 30 }, "n_embd: 1073741824 (at most 16777216)"],
    ["a vocabulary beyond any", { ...gpt2, vocab_size: 1e9 }, "invalid vocab_size: 1000000000"],
    [
      "an epsilon that JSON makes infinite",
      JSON.parse(JSON.stringify(gpt2).replace(":0.00001", ":1e999")) as object,
      "invalid layer_norm_epsilon: Infinity (a number above 0)",
    ],
    ["an epsilon of null", { ...gpt2, layer_norm_epsilon: null }, "layer_norm_epsilon: null"],
    [
      "a flag as text",
      { ...gpt2, tie_word_embeddings: "false" },
      'invalid tie_word_embeddings: "false" (true or false)',
    ],
    ["a flag as a number", { ...gpt2, scale_attn_weights: 0 }, "invalid scale_attn_weights: 0"],
    ["a rotation of null", { ...gptj, rotary_dim: null }, "invalid rotary_dim: null"],
    [
      "a name that would move a terminal's cursor",
      { ...gpt2, model_type: "a\u001b[2Jb" },
      "unknown architecture: a\\u001b[2Jb (supported",
    ],
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
  await expect(
    readConfig(memoryFiles({ "config.json": `{"a":${"[".repeat(1e5)}` })),
  ).rejects.toThrow("config.json of tiny is nested too deep");
  await expect(readConfig(memoryFiles({}))).rejects.toThrow("tiny has no config.json");
});
