import { describe, expect, test } from "vitest";
import { readLoraConfig } from "../../../src/data/delta/loraConfig.ts";

const MODULE = "transformer.h.1.mlp.c_proj";
const OTHER = "transformer.h.11.mlp.c_proj";
const read = (config: object) =>
  readLoraConfig(
    new TextEncoder().encode(JSON.stringify({ peft_type: "LORA", ...config })),
    "adapter_config.json",
  );

test("what is absent has PEFT's defaults", () => {
  expect(read({}).module(MODULE)).toEqual({ r: 8, alpha: 8 });
  expect(read({ base_model_name_or_path: null })).toMatchObject({ model: "unknown" });
  expect(read({ base_model_name_or_path: "gpt2", revision: "x" })).toMatchObject({
    model: "gpt2",
    revision: "x",
  });
});

// Each line as get_pattern_key of PEFT 0.21.2 answers it.
test.each<[string[], boolean, boolean]>([
  [["c_proj"], true, true],
  [["mlp.c_proj"], true, true],
  [["h.1.mlp.c_proj"], true, false],
  [["1.mlp.c_proj"], true, false],
  [["^transformer.h.1.mlp.c_proj"], true, false],
  [["^h.1.mlp.c_proj"], false, false],
  [["proj"], false, false],
  [["h.1"], false, false],
  [["mlp-c_proj"], false, false],
  [["mlp_c_proj"], false, false],
  [["h.1.mlp.cXproj"], false, false],
  [["x", "c_proj", "h.1.mlp.c_proj"], true, true],
])("the pattern %j is matched as PEFT matches it", (keys, one, other) => {
  const pattern = Object.fromEntries(keys.map((key) => [key, 4]));
  const { module } = read({ r: 2, lora_alpha: 16, rank_pattern: pattern, alpha_pattern: pattern });
  const [matched, not] = [
    { r: 4, alpha: 4 },
    { r: 2, alpha: 16 },
  ];
  expect(module(MODULE)).toEqual(one ? matched : not);
  expect(module(OTHER)).toEqual(other ? matched : not);
});

test("of several patterns the first counts", () => {
  const { module } = read({ rank_pattern: { "mlp.c_proj": 3, "h.1.mlp.c_proj": 5 } });
  expect(module(MODULE).r).toBe(3);
});

describe("what PEFT would leave out is refused", () => {
  const refused = /does not name transformer\.h\.1\.mlp\.c_proj among its target_modules/;
  test.each([
    { target_modules: ["c_fc"] },
    { target_modules: ["proj"] },
    { exclude_modules: ["c_proj"] },
    { layers_to_transform: [0, 2] },
    { layers_to_transform: 11 },
  ])("%j", (config) => expect(() => read(config).module(MODULE)).toThrow(refused));
  test.each([
    { target_modules: ["c_proj"] },
    { target_modules: [MODULE] },
    { target_modules: "all-linear" },
    { target_modules: null },
    { exclude_modules: ["c_fc"] },
    { layers_to_transform: 1 },
    { layers_to_transform: [1, 11] },
  ])("but not %j", (config) => expect(read(config).module(MODULE).r).toBe(8));
});

describe("refused with the file and the field", () => {
  test.each<[object, string]>([
    [{ peft_type: "IA3" }, '"peft_type" is "IA3", expected "LORA"'],
    [{ r: 0 }, '"r" is 0, expected a whole number from 1'],
    [{ r: "4" }, '"r" is "4", expected a whole number'],
    [{ r: null }, '"r" is null'],
    [{ lora_alpha: "1" }, '"lora_alpha" is "1", expected a number'],
    [{ bias: "all" }, '"bias" is "all", expected "none"'],
    [{ init_lora_weights: "pissa" }, '"init_lora_weights" is "pissa"'],
    [{ init_lora_weights: "pissa_niter_16" }, '"init_lora_weights" is "pissa_niter_16"'],
    [{ init_lora_weights: "olora" }, '"init_lora_weights" is "olora"'],
    [{ use_dora: true }, '"use_dora" is true, expected nothing'],
    [{ alora_invocation_tokens: [] }, '"alora_invocation_tokens" is a list of 0'],
    [{ layer_replication: [[0, 1]] }, '"layer_replication" is a list of 1'],
    [{ rank_pattern: null }, '"rank_pattern" is null, expected an object'],
    [{ rank_pattern: { c_proj: 0.5 } }, 'has 0.5 for "c_proj", expected a whole number'],
    [{ alpha_pattern: { c_proj: null } }, 'has null for "c_proj", expected a number'],
    [{ rank_pattern: { "(a+)+$": 4 } }, 'has "(a+)+$", which is more than a module\'s name'],
    [{ exclude_modules: ".*" }, "exclude_modules of adapter_config.json is a pattern"],
  ])("%j", (config, sentence) => {
    expect(() => read(config)).toThrow(sentence);
    expect(() => read(config)).toThrow("adapter_config.json");
  });

  test("options that change nothing when they are unset", () => {
    const options = { use_rslora: false, use_dora: false, megatron_config: null, lora_bias: false };
    expect(read({ ...options, init_lora_weights: true, bias: "none" }).module(MODULE).r).toBe(8);
  });
});
