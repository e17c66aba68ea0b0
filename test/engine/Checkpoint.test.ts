import { describe, expect, test } from "vitest";
import { writeSafetensors } from "../../src/data/safetensors.ts";
import { Checkpoint } from "../../src/engine/Checkpoint.ts";
import { memoryFiles } from "./memoryFiles.ts";

const INDEX = "model.safetensors.index.json";
const wte = { shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
const bias = { shape: [2], data: Float32Array.of(-1, 0.5) };
const head = { shape: [3, 2], data: Float32Array.of(6, 5, 4, 3, 2, 1) };
const single = (prefix: string) => ({
  "model.safetensors": writeSafetensors({
    [`${prefix}wte.weight`]: wte,
    [`${prefix}h.10.ln_1.bias`]: bias,
    "lm_head.weight": head,
  }),
});

describe.each(["", "transformer."])('names that begin with "%s"', (prefix) => {
  test("are found with and without the prefix", async () => {
    const checkpoint = await Checkpoint.open(memoryFiles(single(prefix)));
    expect(checkpoint.names()).toEqual([
      "transformer.wte.weight",
      "transformer.h.10.ln_1.bias",
      "lm_head.weight",
    ]);
    for (const name of ["wte.weight", "transformer.wte.weight"]) {
      expect(checkpoint.has(name)).toBe(true);
      expect(checkpoint.info(name)).toMatchObject({ dtype: "F32", shape: [3, 2] });
      expect(await checkpoint.tensor(name)).toEqual(wte.data);
    }
    expect(await checkpoint.tensor("h.10.ln_1.bias")).toEqual(bias.data);
    expect(await checkpoint.tensor("lm_head.weight")).toEqual(head.data);
    expect(checkpoint.has("transformer.h.1.ln_1.bias")).toBe(false);
  });
});

test("shards are found through the index", async () => {
  const files = memoryFiles({
    [INDEX]: { weight_map: { "h.10.ln_1.bias": "b.safetensors", "wte.weight": "a.safetensors" } },
    "a.safetensors": writeSafetensors({ "wte.weight": wte }),
    "b.safetensors": writeSafetensors({ "h.10.ln_1.bias": bias }),
  });
  const checkpoint = await Checkpoint.open(files);
  expect(await checkpoint.tensor("transformer.wte.weight")).toEqual(wte.data);
  expect(await checkpoint.tensor("transformer.h.10.ln_1.bias")).toEqual(bias.data);
});

test("a small file is read once, and its tensors do not share memory", async () => {
  const files = memoryFiles(single(""));
  const checkpoint = await Checkpoint.open(files);
  (await checkpoint.tensor("wte.weight"))[0] = 99;
  expect(await checkpoint.tensor("wte.weight")).toEqual(wte.data);
  expect(files.reads).toEqual(["model.safetensors"]);
});

test("a large file, or one of unknown size, is read by ranges", async () => {
  const files = memoryFiles(single(""));
  files.size = () => Promise.resolve(2 ** 30);
  const checkpoint = await Checkpoint.open(files);
  expect(await checkpoint.tensor("h.10.ln_1.bias")).toEqual(bias.data);
  const { begin, end } = checkpoint.info("h.10.ln_1.bias");
  expect(files.reads).toEqual(["model.safetensors 0-262144", `model.safetensors ${begin}-${end}`]);
});

test("a header longer than the first read is read again, whole", async () => {
  const many = Array.from({ length: 4000 }, (_, i) => [
    `transformer.h.${i}.attn.c_attn.weight`,
    bias,
  ]);
  const bytes = writeSafetensors(Object.fromEntries(many) as Record<string, typeof bias>);
  expect(bytes.length).toBeGreaterThan(2 ** 18);
  const files = memoryFiles({ "model.safetensors": bytes });
  files.size = () => Promise.resolve(undefined);
  const checkpoint = await Checkpoint.open(files);
  expect(checkpoint.names()).toHaveLength(4000);
  expect(await checkpoint.tensor("h.3999.attn.c_attn.weight")).toEqual(bias.data);
});

describe("refused with one sentence", () => {
  const open = (files: Parameters<typeof memoryFiles>[0]) => Checkpoint.open(memoryFiles(files));

  test("no weights", async () => {
    await expect(open({})).rejects.toThrow("tiny has neither model.safetensors nor");
    await expect(open({ "pytorch_model.bin": "x" })).rejects.toThrow(
      "tiny has only pytorch_model.bin",
    );
  });

  test("a truncated file, whether or not its size is known", async () => {
    const cut = single("")["model.safetensors"].subarray(0, -4);
    const end = cut.length + 4;
    const sentence = `model.safetensors is truncated: tensor lm_head.weight needs bytes ${end - 24}–${end}, the file has ${cut.length}`;
    await expect(open({ "model.safetensors": cut })).rejects.toThrow(sentence);
    const files = memoryFiles({ "model.safetensors": cut });
    files.size = () => Promise.resolve(undefined);
    const checkpoint = await Checkpoint.open(files);
    await expect(checkpoint.tensor("lm_head.weight")).rejects.toThrow(sentence);
  });

  test("a file that is no safetensors", async () => {
    await expect(open({ "model.safetensors": "version https://git-lfs" })).rejects.toThrow(
      "model.safetensors is not a safetensors file",
    );
  });

  test("integers where numbers are needed", async () => {
    const json = JSON.stringify({
      "wte.weight": { dtype: "I8", shape: [2], data_offsets: [0, 2] },
    });
    const bytes = new Uint8Array(8 + json.length + 2);
    bytes[0] = json.length;
    bytes.set(new TextEncoder().encode(json), 8);
    const checkpoint = await open({ "model.safetensors": bytes });
    await expect(checkpoint.tensor("wte.weight")).rejects.toThrow(
      "tensor wte.weight has type I8, expected F32, F16, BF16, F64",
    );
  });

  test("a tensor that is not there", async () => {
    const checkpoint = await open(single(""));
    expect(() => checkpoint.info("transformer.wpe.weight")).toThrow(
      "the checkpoint of tiny has no tensor transformer.wpe.weight",
    );
  });

  test("an index that is wrong, damaged or names a shard that is not there", async () => {
    const shard = { "a.safetensors": writeSafetensors({ "wte.weight": wte }) };
    await expect(open({ ...shard, [INDEX]: "{" })).rejects.toThrow(`${INDEX} is damaged`);
    const wrong = { weight_map: { "wte.weight": "a.safetensors", "h.0.x": "a.safetensors" } };
    await expect(open({ ...shard, [INDEX]: wrong })).rejects.toThrow(
      `${INDEX} is wrong: tensor h.0.x is not in a.safetensors`,
    );
    const lost = { weight_map: { "wte.weight": "c.safetensors" } };
    await expect(open({ ...shard, [INDEX]: lost })).rejects.toThrow("tiny has no c.safetensors");
  });
});
