import { expect, test } from "vitest";
import { modelPaths } from "../../../src/engine/files/modelPaths.ts";
import { memoryFiles } from "../../support/engine/memoryFiles.ts";

const small = { "config.json": {}, "tokenizer.json": {}, "tokenizer_config.json": {} };
const index = (names: Record<string, string>) => ({ weight_map: names });

test("one file of weights, or the shards that an index names, each once", async () => {
  const one = memoryFiles({ ...small, "pytorch_model.bin": new Uint8Array(4) });
  expect(await modelPaths(one)).toEqual({
    paths: [...Object.keys(small), "pytorch_model.bin"],
    stored: "float",
  });
  expect(one.reads).toEqual([]);
  const shards = memoryFiles({
    ...small,
    "model.safetensors.index.json": index({ "wte.weight": "a", "h.0.w": "b", "h.0.b": "b" }),
  });
  const { paths } = await modelPaths(shards);
  expect(paths.slice(3)).toEqual(["model.safetensors.index.json", "a", "b"]);
});

test("the form of the blocks is read from the names in the index", async () => {
  const stored = async (form: string) => {
    const map = index({ "wte.weight.q8": "a", [`h.0.mlp.c_fc.weight${form}`]: "b" });
    const files = memoryFiles({ ...small, "model.safetensors.index.json": map });
    return (await modelPaths(files)).stored;
  };
  expect(await stored(".q4")).toBe("q4");
  expect(await stored(".q8")).toBe("q8");
  expect(await stored("")).toBe("float");
});

test("a folder without weights, and a damaged index, are said", async () => {
  await expect(modelPaths(memoryFiles(small))).rejects.toThrow(/^tiny has neither/);
  const files = memoryFiles({ ...small, "model.safetensors.index.json": "[" });
  await expect(modelPaths(files)).rejects.toThrow("model.safetensors.index.json is not JSON");
});
