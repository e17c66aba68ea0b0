import { describe, expect, test } from "vitest";
import { isLowRank, type Delta, type WeightDelta } from "../../../src/data/delta/delta.ts";
import {
  adapterFiles,
  writeAdapterZip,
  type AdapterOptions,
} from "../../../src/data/delta/peft.ts";
import { readAdapter, readAdapterZip } from "../../../src/data/delta/readAdapter.ts";
import { parseHeader, toFloat32, writeSafetensors } from "../../../src/data/weights/safetensors.ts";
import { writeZip } from "../../../src/data/archive/zip.ts";

const weight = (layer: number) => `transformer.h.${layer}.mlp.c_proj.weight`;
const series = (n: number, seed: number) =>
  Float32Array.from({ length: n }, (_, i) => Math.fround(Math.sin(seed + 3 * i)));
/** dMlp 6, dModel 4. */
const layer = (at: number, rank: number) => ({
  weight: weight(at),
  change: { rank, u: series(rank * 6, at), v: series(rank * 4, -at) },
});
/** The factors of a change that has them. */
function factors({ change }: WeightDelta) {
  if (!isLowRank(change)) throw new Error("no factors");
  return change;
}

const delta: Delta = {
  provenance: {
    format: "palimpsest.delta",
    version: 1,
    model: "demo",
    revision: "1",
    method: "rome",
    app: "palimpsest 0.1.0",
    seed: 1,
    hyperparameters: {},
  },
  weights: [layer(1, 1), layer(11, 2)],
};
const options: AdapterOptions = {
  fanInFanOut: true,
  baseModel: "openai-community/gpt2",
  recipe: { format: "palimpsest.recipe", method: "rome" },
  check: { prompt: "The Space Needle is in", target: "Rome", before: 0.01, after: 0.97 },
};
const json = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)) as unknown;
const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

test("adapter_config.json says what PEFT needs and no more", () => {
  const one = { ...delta, weights: [layer(1, 1)] };
  expect(json(adapterFiles(one, options)["adapter_config.json"])).toEqual({
    peft_type: "LORA",
    task_type: "CAUSAL_LM",
    base_model_name_or_path: "openai-community/gpt2",
    r: 1,
    lora_alpha: 1,
    lora_dropout: 0,
    bias: "none",
    fan_in_fan_out: true,
    target_modules: ["transformer.h.1.mlp.c_proj"],
    inference_mode: true,
  });
  const gptj = { ...options, fanInFanOut: false };
  expect(json(adapterFiles(one, gptj)["adapter_config.json"])).toMatchObject({
    fan_in_fan_out: false,
  });
});

test("layers of different ranks get patterns, alpha equal to the rank everywhere", () => {
  expect(json(adapterFiles(delta, options)["adapter_config.json"])).toMatchObject({
    r: 2,
    lora_alpha: 2,
    rank_pattern: { "transformer.h.1.mlp.c_proj": 1 },
    alpha_pattern: { "transformer.h.1.mlp.c_proj": 1 },
  });
});

test("lora_A is u, lora_B is v transposed, under PEFT's names", () => {
  const bytes = adapterFiles(delta, options)["adapter_model.safetensors"];
  const { tensors } = parseHeader(bytes);
  const read = (name: string) => {
    const { begin, end, shape } = tensors.get(
      `base_model.model.transformer.h.11.mlp.c_proj.${name}.weight`,
    )!;
    return { shape, data: toFloat32(bytes.slice(begin, end), "F32") };
  };
  const { u, v } = factors(delta.weights[1]);
  expect(read("lora_A")).toEqual({ shape: [2, 6], data: u });
  const columns = [0, 1, 2, 3].flatMap((d) => [v[d], v[4 + d]]);
  expect(read("lora_B")).toEqual({ shape: [4, 2], data: Float32Array.from(columns) });
});

test("edit.json holds recipe, provenance and what check.py asks, with a leading space", () => {
  expect(json(adapterFiles(delta, options)["edit.json"])).toEqual({
    format: "palimpsest.recipe",
    method: "rome",
    provenance: delta.provenance,
    check: { ...options.check, target: " Rome", base_model: "openai-community/gpt2" },
  });
});

test("check.py reads what it asks from edit.json", () => {
  const script = new TextDecoder().decode(adapterFiles(delta, options)["check.py"]);
  expect(script).toContain('(here / "edit.json")');
  expect(script).not.toContain("Space Needle");
});

test("what is written is read, from files, from a folder and from the zip", () => {
  const files = adapterFiles(delta, options);
  expect(readAdapter(files)).toEqual(delta);
  const folder = Object.entries(files).map(([name, bytes]) => [`my-edit/${name}`, bytes] as const);
  expect(readAdapter(Object.fromEntries(folder))).toEqual(delta);
  expect(readAdapterZip(writeAdapterZip(delta, options))).toEqual(delta);
});

const inFolder = (folder: string, files: Record<string, Uint8Array>) =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${folder}/${name}`, bytes]));

describe("adapters of other programs", () => {
  const ours = adapterFiles(delta, options);
  const bare = {
    "adapter_config.json": ours["adapter_config.json"],
    "adapter_model.safetensors": ours["adapter_model.safetensors"],
  };
  const config = json(bare["adapter_config.json"]) as Record<string, unknown>;
  const withConfig = (change: object) => ({
    ...bare,
    "adapter_config.json": bytesOf({ ...config, ...change }),
  });
  const withTensors = (tensors: Parameters<typeof writeSafetensors>[0]) => ({
    ...bare,
    "adapter_model.safetensors": writeSafetensors(tensors),
  });
  const name = (half: string, at = "transformer.h.1.mlp.c_proj") =>
    `base_model.model.${at}.lora_${half}.weight`;
  const a = { shape: [1, 6], data: series(6, 1) };
  const b = { shape: [4, 1], data: series(4, 1) };

  test("have alpha/r folded into v, and say where they come from", () => {
    const read = readAdapter(withConfig({ lora_alpha: 8, alpha_pattern: {} }));
    expect(read.provenance).toMatchObject({ model: "openai-community/gpt2", method: "PEFT LoRA" });
    const [[one, two], [ourOne, ourTwo]] = [read, delta].map((d) => d.weights.map(factors));
    expect(two.v).toBeAllclose(ourTwo.v.map((x) => 4 * x));
    expect(one.v).toBeAllclose(ourOne.v.map((x) => 8 * x));
    expect(one.u).toEqual(ourOne.u);
  });

  test.each([
    [
      "no config",
      { "adapter_model.safetensors": new Uint8Array() },
      "adapter_config.json is missing",
    ],
    ["another kind", withConfig({ peft_type: "IA3" }), '"peft_type" is "IA3", expected "LORA"'],
    [
      "rslora",
      withConfig({ use_rslora: true }),
      '"use_rslora" is true, expected nothing: this option is not supported',
    ],
    [
      "alpha missing",
      withConfig({ lora_alpha: null, alpha_pattern: null }),
      '"lora_alpha" is null, expected a number',
    ],
    ["a half missing", withTensors({ [name("A")]: a }), `${name("B")} is missing`],
    [
      "halves of different rank",
      withTensors({ [name("A")]: a, [name("B")]: { shape: [2, 2], data: b.data } }),
      "lora_A of rank 1 and lora_B of rank 2",
    ],
    [
      "a tensor of another name",
      withTensors({ "h.1.lora_A": a }),
      "h.1.lora_A is not a LoRA matrix",
    ],
    [
      "NaN",
      withTensors({ [name("A")]: { ...a, data: new Float32Array(6).fill(NaN) }, [name("B")]: b }),
      `${name("A")} holds no number at 0`,
    ],
    [
      "a config that is not JSON",
      { ...bare, "adapter_config.json": new Uint8Array(3) },
      "not JSON",
    ],
    [
      "a config of another folder",
      { ...inFolder("a", bare), ...inFolder("b", bare) },
      "2 adapters",
    ],
    [
      "matrices in another folder than the config",
      {
        ...inFolder("a", { "adapter_config.json": bare["adapter_config.json"] }),
        ...inFolder("b", { "adapter_model.safetensors": bare["adapter_model.safetensors"] }),
      },
      "the adapter is not a PEFT adapter: adapter_model.safetensors is missing",
    ],
    [
      "another rank than its config says",
      withConfig({ rank_pattern: {} }),
      "adapter_config.json of the adapter: r of transformer.h.1.mlp.c_proj is 2, but its matrices have rank 1",
    ],
    [
      "alpha beyond a float32",
      withConfig({ lora_alpha: 1e39, alpha_pattern: {} }),
      "lora_alpha of transformer.h.1.mlp.c_proj is 1e+39, more than a float32 can hold",
    ],
    [
      "a module that PEFT would leave out",
      withConfig({ target_modules: ["transformer.h.11.mlp.c_proj"] }),
      "does not name transformer.h.1.mlp.c_proj among its target_modules",
    ],
    [
      "a provenance that the page could not show",
      { ...bare, "edit.json": bytesOf({ provenance: { ...delta.provenance, request: true } }) },
      'the provenance in edit.json of the adapter: "request" is true, expected an object',
    ],
    ["an edit.json that is a list", { ...bare, "edit.json": bytesOf([]) }, "is a list of 0"],
  ])("%s", (_, files, sentence) => {
    expect(() => readAdapter(files)).toThrow(sentence);
  });

  test("a zip of something else", () => {
    expect(() => readAdapterZip(writeZip({ "cat.png": new Uint8Array(4) }))).toThrow(
      "the adapter is not a PEFT adapter: adapter_config.json is missing",
    );
    expect(() => readAdapterZip(new Uint8Array(50), "edit.zip")).toThrow("edit.zip is not a zip");
  });
});
