import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import { readConfig } from "../../../src/engine/architecture/readConfig.ts";
import { Tokenizer } from "../../../src/engine/checkpoint/Tokenizer.ts";
import { autoConfig, autoTokenizer } from "../../../src/engine/files/pretrained.ts";
import { memoryFiles } from "../../support/engine/memoryFiles.ts";

const golden = new URL("../../golden/checkpoints/tiny-gpt2/", import.meta.url);
const file = (name: string) => readFileSync(new URL(name, golden), "utf8");
const json = (name: string) => JSON.parse(file(name)) as Record<string, unknown>;
const files = () =>
  memoryFiles(
    Object.fromEntries(
      ["config.json", "tokenizer.json", "tokenizer_config.json"].map((name) => [name, file(name)]),
    ),
  );

afterEach(() => vi.unstubAllGlobals());

test("transformers.js asks no server and no folder: each file is read once, by us", async () => {
  const fetch = vi.fn(() => Promise.reject(new Error("a request")));
  vi.stubGlobal("fetch", fetch);
  vi.resetModules(); // so that transformers.js begins anew, with this fetch
  const { readConfig } = await import("../../../src/engine/architecture/readConfig.ts");
  const { Tokenizer } = await import("../../../src/engine/checkpoint/Tokenizer.ts");
  const source = files();
  const config = await readConfig(source);
  const tokenizer = await Tokenizer.load(source);
  expect(config.layers).toBeGreaterThan(0);
  expect(tokenizer.encode("The Harbour Lamp")).not.toEqual([]);
  expect(fetch).not.toHaveBeenCalled();
  expect(source.reads).toEqual(["config.json", "tokenizer.json", "tokenizer_config.json"]);
});

test("it brings no inference engine and no images along", async () => {
  await Tokenizer.load(files());
  Object.assign(process.report, { excludeNetwork: true }); // it would look up names
  const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] };
  expect(sharedObjects.filter((path) => /onnxruntime|sharp|vips/.test(path))).toEqual([]);
});

test("two models at once do not see each other's files", async () => {
  const tokenizers = [json("tokenizer.json"), { ...json("tokenizer.json"), added_tokens: [] }];
  const [one, two] = await Promise.all(tokenizers.map((own) => autoTokenizer(own, {})));
  expect(one.convert_tokens_to_ids("<|endoftext|>")).toBe(502);
  expect(two.convert_tokens_to_ids("<|endoftext|>")).toBeUndefined();
  const configs = await Promise.all([1, 2].map((n) => autoConfig({ n_layer: n })));
  expect(configs).toMatchObject([{ n_layer: 1 }, { n_layer: 2 }]);
});

test("a config is Hugging Face's own, with their names beside the file's", async () => {
  const { normalized_config: theirs } = (await autoConfig(json("config.json"))) as unknown as {
    normalized_config: object;
  };
  const { layers, heads, dModel } = await readConfig(files());
  expect(theirs).toMatchObject({ num_layers: layers, num_heads: heads, hidden_size: dModel });
});

describe("where transformers.js refuses, a sentence", () => {
  test.for([
    [{ tokenizer_class: "AutoTokenizer" }, 'invalid tokenizer_class: "AutoTokenizer"'],
    [{ tokenizer_class: 7 }, "the tokenizer of tiny cannot be read"],
    [{ chat_template: [{ name: 1 }] }, "the tokenizer of tiny cannot be read: Chat template must"],
  ] as const)("%j", async ([config, sentence]) => {
    const tokenizer = { "tokenizer.json": file("tokenizer.json") };
    const wrong = memoryFiles({ ...tokenizer, "tokenizer_config.json": config });
    await expect(Tokenizer.load(wrong)).rejects.toThrow(sentence);
  });

  test.for(["PreTrainedTokenizerFast", "GPTNeoXTokenizer", "NobodysTokenizer"])(
    "but %s is a class like GPT-2's here",
    async (name) => {
      const own = memoryFiles({
        "tokenizer.json": file("tokenizer.json"),
        "tokenizer_config.json": { tokenizer_class: name },
      });
      const text = "The Harbour Lamp is in the city of";
      const expected = (await Tokenizer.load(files())).encode(text);
      expect((await Tokenizer.load(own)).encode(text)).toEqual(expected);
    },
  );

  test.for(["cohere_asr", "llava", "vision-encoder-decoder"])(
    "a config of %s, which it fails on",
    async (type) => {
      const other = memoryFiles({ "config.json": { model_type: type } });
      await expect(readConfig(other)).rejects.toThrow(`unknown architecture: ${type}`);
    },
  );
});
