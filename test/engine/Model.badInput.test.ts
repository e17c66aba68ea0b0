import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { nodeRuntime } from "../../src/cli/open/nodeRuntime.ts";
import { parseHeader } from "../../src/data/weights/safetensors.ts";
import { Model } from "../../src/engine/Model.ts";
import { memoryFiles } from "../support/engine/memoryFiles.ts";

const read = (name: string) =>
  readFileSync(new URL(`../golden/checkpoints/tiny-gpt2/${name}`, import.meta.url));
const config = JSON.parse(read("config.json").toString()) as object;
const weights = new Uint8Array(read("model.safetensors"));
const good = {
  "config.json": config,
  "model.safetensors": weights,
  "tokenizer.json": read("tokenizer.json").toString(),
  "tokenizer_config.json": read("tokenizer_config.json").toString(),
};
const load = (change: object) => Model.load(nodeRuntime(), memoryFiles({ ...good, ...change }));

/** The same file with one entry of its header changed; the header keeps its length. */
function withHeader(from: string, to: string): Uint8Array {
  const { dataStart } = parseHeader(weights);
  const header = new TextDecoder().decode(weights.subarray(8, dataStart));
  const changed = header.replace(from, to).padEnd(header.length, " ");
  expect(changed).not.toBe(header);
  const file = weights.slice();
  file.set(new TextEncoder().encode(changed.slice(0, header.length)), 8);
  return file;
}

test("the unchanged files load", async () => {
  const model = await load({});
  expect(model.config.layers).toBe(3);
  await model.dispose();
});

describe("a model that cannot be loaded says why in one sentence", () => {
  test.each([
    [
      "an unknown architecture",
      { "config.json": { ...config, model_type: "mamba" } },
      "unknown architecture: mamba (supported: gpt2, gptj, gpt_neox)",
    ],
    [
      "a config without layers",
      { "config.json": { ...config, n_layer: undefined } },
      'config.json of tiny lacks "n_layer"',
    ],
    [
      "a truncated checkpoint",
      { "model.safetensors": weights.subarray(0, -100) },
      /model\.safetensors is truncated: tensor \S+ needs bytes \d+–\d+, the file has \d+/,
    ],
    [
      "a config of another width",
      { "config.json": { ...config, n_embd: 25 } },
      /wte\.weight" has shape \[503, 20\], but config\.json asks for \[503, 25\]/,
    ],
    [
      "a config of more layers than there are",
      { "config.json": { ...config, n_layer: 4 } },
      /no tensor "h\.3\./,
    ],
    [
      "a config of fewer layers than there are",
      { "config.json": { ...config, n_layer: 2 } },
      /holds tensor "transformer\.h\.2\.\S+", but config\.json asks for 2 layers/,
    ],
    [
      "a config of more layers than any memory holds",
      { "config.json": { ...config, n_layer: 1e9 } },
      "config.json of tiny: invalid n_layer: 1000000000 (at most 1024)",
    ],
    [
      "no tokenizer",
      { "tokenizer.json": undefined },
      "tiny has no tokenizer.json, nor vocab.json with merges.txt",
    ],
  ])("%s", async (_, change, sentence) => {
    await expect(load(change)).rejects.toThrow(sentence);
  });

  test("a tensor of integers", async () => {
    const file = withHeader('"dtype":"F32"', '"dtype":"I32"');
    await expect(load({ "model.safetensors": file })).rejects.toThrow(
      /^tensor \S+ in model\.safetensors has type I32, expected F32, F16, BF16, F64$/,
    );
  });
});
