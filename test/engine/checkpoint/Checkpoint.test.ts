import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { toFloat16 } from "../../../src/data/weights/float16.ts";
import { safetensorsHeader, writeSafetensors } from "../../../src/data/weights/safetensors.ts";
import { gpt2 } from "../../../src/engine/architecture/gpt2.ts";
import { Checkpoint } from "../../../src/engine/checkpoint/Checkpoint.ts";
import { quantizeRows } from "../../../src/engine/checkpoint/quantize.ts";
import { transpose } from "../../../src/engine/checkpoint/transpose.ts";
import type { ModelFiles } from "../../../src/engine/files/ModelFiles.ts";
import { memoryFiles } from "../../support/engine/memoryFiles.ts";

const openCheckpoint = (files: ModelFiles) => Checkpoint.open(files, gpt2);

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
    const checkpoint = await openCheckpoint(memoryFiles(single(prefix)));
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
  const checkpoint = await openCheckpoint(files);
  expect(await checkpoint.tensor("transformer.wte.weight")).toEqual(wte.data);
  expect(await checkpoint.tensor("transformer.h.10.ln_1.bias")).toEqual(bias.data);
});

test("a small file is read once, and its tensors do not share memory", async () => {
  const files = memoryFiles(single(""));
  const checkpoint = await openCheckpoint(files);
  (await checkpoint.tensor("wte.weight"))[0] = 99;
  expect(await checkpoint.tensor("wte.weight")).toEqual(wte.data);
  expect(files.reads).toEqual(["model.safetensors"]);
});

test("a file of unknown size is read by ranges", async () => {
  const files = memoryFiles(single(""));
  files.size = () => Promise.resolve(undefined);
  const checkpoint = await openCheckpoint(files);
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
  const checkpoint = await openCheckpoint(files);
  expect(checkpoint.names()).toHaveLength(4000);
  expect(await checkpoint.tensor("h.3999.attn.c_attn.weight")).toEqual(bias.data);
});

describe("refused with one sentence", () => {
  const open = (files: Parameters<typeof memoryFiles>[0]) => openCheckpoint(memoryFiles(files));

  test("no weights", async () => {
    await expect(open({})).rejects.toThrow("tiny has neither model.safetensors nor");
    await expect(open({ "pytorch_model.bin": "x" })).rejects.toThrow(
      "pytorch_model.bin is not a zip archive",
    );
  });

  test("a truncated file, whether or not its size is known", async () => {
    const cut = single("")["model.safetensors"].subarray(0, -4);
    const end = cut.length + 4;
    const sentence = `model.safetensors is truncated: tensor lm_head.weight needs bytes ${end - 24}–${end}, the file has ${cut.length}`;
    await expect(open({ "model.safetensors": cut })).rejects.toThrow(sentence);
    const files = memoryFiles({ "model.safetensors": cut });
    files.size = () => Promise.resolve(undefined);
    const checkpoint = await openCheckpoint(files);
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
      "tensor wte.weight in model.safetensors has type I8, expected F32, F16, BF16, F64",
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
    await expect(open({ ...shard, [INDEX]: "{" })).rejects.toThrow(`${INDEX} is not JSON`);
    for (const path of ["../a.safetensors", "/etc/passwd", "a\u001b.safetensors", "", 5]) {
      const strange = { weight_map: { "wte.weight": path } };
      await expect(open({ ...shard, [INDEX]: strange })).rejects.toThrow(
        `${INDEX}: "weight_map.wte.weight" is `,
      );
    }
    const wrong = { weight_map: { "wte.weight": "a.safetensors", "h.0.x": "a.safetensors" } };
    await expect(open({ ...shard, [INDEX]: wrong })).rejects.toThrow(
      `${INDEX} is wrong: tensor h.0.x is not in a.safetensors`,
    );
    const lost = { weight_map: { "wte.weight": "c.safetensors" } };
    await expect(open({ ...shard, [INDEX]: lost })).rejects.toThrow(
      `${INDEX} names c.safetensors, which tiny does not have; fetch it again`,
    );
  });
});

describe("rows, raw bytes and places", () => {
  const half = (bits: number[]) => new Uint8Array(Uint16Array.from(bits).buffer);
  const bytes = joined(
    safetensorsHeader([
      { name: "wte.weight", dtype: "F16", shape: [4, 2] },
      { name: "ln_f.bias", dtype: "F32", shape: [3] },
    ]).header,
    half([0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600, 0x4700, 0x4800]),
    new Uint8Array(Float32Array.of(1, 2, 3).buffer),
  );

  test("some rows are one ranged read", async () => {
    const files = memoryFiles({ "model.safetensors": bytes });
    files.size = () => Promise.resolve(undefined);
    const checkpoint = await openCheckpoint(files);
    const { begin } = checkpoint.info("wte.weight");
    expect(await checkpoint.rows("wte.weight", 1, 3)).toEqual(Float32Array.of(3, 4, 5, 6));
    expect(files.reads.slice(1)).toEqual([`model.safetensors ${begin + 4}-${begin + 12}`]);
    expect(await checkpoint.rows("ln_f.bias", 2, 3)).toEqual(Float32Array.of(3));
    expect(await checkpoint.rows("wte.weight", 4, 4)).toEqual(new Float32Array());
    await expect(checkpoint.rows("wte.weight", 3, 5)).rejects.toThrow(
      "invalid rows: 3–5 of wte.weight (it has 4)",
    );
  });

  test("raw bytes are as they are stored, and places are in the order of the file", async () => {
    const checkpoint = await openCheckpoint(memoryFiles({ "model.safetensors": bytes }));
    expect(checkpoint.form("wte.weight")).toBe("float");
    expect(await checkpoint.raw("ln_f.bias")).toEqual(bytes.slice(-12));
    const [first, second] = ["wte.weight", "ln_f.bias"].map((name) => checkpoint.place(name));
    expect(first.file).toBe("model.safetensors");
    expect(second.begin - first.begin).toBe(16);
    await expect(checkpoint.quantized("wte.weight")).rejects.toThrow("is not quantized");
  });
});

describe("quantized shards", () => {
  // Inputs that are no multiple of 32: [in, out] = [40, 5] as Conv1D has it, [out, in] = [6, 40] elsewhere.
  const conv1d = Float32Array.from({ length: 200 }, (_, i) => Math.sin(i));
  const linear = Float32Array.from({ length: 240 }, (_, i) => Math.cos(i));
  const shards = (metadata: Record<string, string>) => {
    const turned = quantizeRows(transpose(conv1d, [40, 5]), [5, 40], 4);
    const straight = quantizeRows(linear, [6, 40], 8);
    const { header } = safetensorsHeader(
      [
        { name: "transformer.h.0.mlp.c_fc.weight.q4", dtype: "U8", shape: [5, 2, 16] },
        { name: "transformer.h.0.mlp.c_fc.weight.scale", dtype: "F16", shape: [5, 2] },
        { name: "transformer.wte.weight.q8", dtype: "U8", shape: [6, 2, 32] },
        { name: "transformer.wte.weight.scale", dtype: "F16", shape: [6, 2] },
      ],
      metadata,
    );
    const parts = [turned, straight].flatMap(({ q, scale }) => [
      q,
      new Uint8Array(toFloat16(scale).buffer),
    ]);
    return { "model.safetensors": joined(header, ...parts) };
  };
  const known = {
    "transformer.h.0.mlp.c_fc.weight": "[40,5]",
    "transformer.wte.weight": "[6,40]",
  };

  test("are read as the matrices of Hugging Face's checkpoint", async () => {
    const files = memoryFiles(shards(known));
    const checkpoint = await openCheckpoint(files);
    expect(checkpoint.names()).toEqual([
      "transformer.h.0.mlp.c_fc.weight",
      "transformer.wte.weight",
    ]);
    expect(checkpoint.info("h.0.mlp.c_fc.weight").shape).toEqual([40, 5]);
    expect(checkpoint.info("wte.weight").shape).toEqual([6, 40]);
    expect(checkpoint.form("h.0.mlp.c_fc.weight")).toBe("q4");
    expect(checkpoint.form("wte.weight")).toBe("q8");
    expect(await checkpoint.tensor("h.0.mlp.c_fc.weight")).toBeAllclose(conv1d, { atol: 0.13 });
    expect(await checkpoint.tensor("wte.weight")).toBeAllclose(linear, { atol: 0.008 });
    expect(await checkpoint.quantized("wte.weight")).toEqual(quantizeRows(linear, [6, 40], 8));
    await expect(checkpoint.raw("wte.weight")).rejects.toThrow("wte.weight is stored in 8 bits");
  });

  test("rows of either orientation", async () => {
    const files = memoryFiles(shards(known));
    files.size = () => Promise.resolve(undefined);
    const checkpoint = await openCheckpoint(files);
    for (const name of ["h.0.mlp.c_fc.weight", "wte.weight"]) {
      const [count, width] = checkpoint.info(name).shape;
      const whole = await checkpoint.tensor(name);
      const rows = await checkpoint.rows(name, 2, count - 1);
      expect(rows).toEqual(whole.slice(2 * width, (count - 1) * width));
    }
    // Of the table only those rows were read, integers and scales.
    const [integers, scales] = files.reads.slice(-2).map((read) => read.split(" ")[1].split("-"));
    expect(Number(integers[1]) - Number(integers[0])).toBe(3 * 64);
    expect(Number(scales[1]) - Number(scales[0])).toBe(3 * 4);
  });

  test("without their shapes the inputs fill all blocks", async () => {
    const checkpoint = await openCheckpoint(memoryFiles(shards({})));
    expect(checkpoint.info("h.0.mlp.c_fc.weight").shape).toEqual([64, 5]);
    expect((await checkpoint.tensor("wte.weight")).length).toBe(6 * 64);
  });

  test("parts that do not fit are refused", async () => {
    const open = (files: Parameters<typeof memoryFiles>[0]) => openCheckpoint(memoryFiles(files));
    await expect(open(shards({ "transformer.wte.weight": "[6,65]" }))).rejects.toThrow(
      "model.safetensors is damaged: transformer.wte.weight.q8 [6, 2, 32] does not fit its shape [6,65]",
    );
    const { header } = safetensorsHeader([{ name: "x.q4", dtype: "U8", shape: [1, 1, 16] }]);
    await expect(open({ "model.safetensors": joined(header, new Uint8Array(16)) })).rejects.toThrow(
      "model.safetensors is damaged: x.q4 U8 [1, 1, 16] does not fit its scales [missing]",
    );
  });
});

describe("PyTorch checkpoints", () => {
  const fixture = (name: string) =>
    new Uint8Array(readFileSync(new URL(`../../data/fixtures/${name}`, import.meta.url)));
  const index = JSON.parse(new TextDecoder().decode(fixture("torch.bin.index.json"))) as object;

  test.for([
    ["one file", { "pytorch_model.bin": fixture("torch_f32.bin") }],
    [
      "shards",
      {
        "pytorch_model.bin.index.json": index,
        "torch-00001.bin": fixture("torch-00001.bin"),
        "torch-00002.bin": fixture("torch-00002.bin"),
      },
    ],
  ] as const)("%s: the weights of the safetensors, without the masks", async ([, files]) => {
    const expected = await openCheckpoint(
      memoryFiles({ "model.safetensors": fixture("torch_f32.safetensors") }),
    );
    const checkpoint = await openCheckpoint(memoryFiles(files));
    expect(checkpoint.names().sort()).toEqual(expected.names().sort());
    for (const name of expected.names()) {
      expect(checkpoint.info(name).shape).toEqual(expected.info(name).shape);
      expect(await checkpoint.tensor(name)).toEqual(await expected.tensor(name));
    }
    expect(await checkpoint.rows("wte.weight", 2, 5)).toEqual(
      await expected.rows("wte.weight", 2, 5),
    );
  });

  test("half precision, by one range behind its header", async () => {
    const bytes = fixture("torch_f16.bin");
    const files = memoryFiles({ "pytorch_model.bin": bytes });
    const checkpoint = await openCheckpoint(files);
    const before = files.reads.length;
    const wte = await checkpoint.tensor("wte.weight");
    expect(wte).toHaveLength(28);
    const { begin, end } = checkpoint.info("wte.weight");
    expect(files.reads.slice(before)[1]).toBe(`pytorch_model.bin ${begin}-${end}`);
    expect(checkpoint.place("wte.weight")).toEqual({ file: "pytorch_model.bin", begin });
  });

  test("safetensors are preferred", async () => {
    const files = { ...single(""), "pytorch_model.bin": "anything" };
    const checkpoint = await openCheckpoint(memoryFiles(files));
    expect(await checkpoint.tensor("wte.weight")).toEqual(wte.data);
  });

  test("a shard that is missing or has no known size", async () => {
    const shards = { "pytorch_model.bin.index.json": index };
    await expect(openCheckpoint(memoryFiles(shards))).rejects.toThrow(
      "pytorch_model.bin.index.json names torch-0000",
    );
    const files = memoryFiles({ "pytorch_model.bin": fixture("torch_f32.bin") });
    files.size = () => Promise.resolve(undefined);
    await expect(openCheckpoint(files)).rejects.toThrow(
      "the server of tiny does not say how long pytorch_model.bin is",
    );
  });
});

describe("a converted model's manifest", () => {
  const shard = writeSafetensors({ "wte.weight": wte });
  const manifest = (size: number) => ({
    format: 1,
    bits: 16,
    block: 32,
    source: { name: "a", revision: "b" },
    files: { "a.safetensors": { size, sha256: "0".repeat(64) } },
  });
  const folder = {
    [INDEX]: { weight_map: { "wte.weight": "a.safetensors" } },
    "a.safetensors": shard,
    "palimpsest.json": manifest(shard.length),
  };
  const open = (files: Parameters<typeof memoryFiles>[0]) => openCheckpoint(memoryFiles(files));

  test("names a shard of another size, one that is missing, one that is not listed", async () => {
    expect((await open(folder)).names()).toEqual(["transformer.wte.weight"]);
    const other = { ...folder, "palimpsest.json": manifest(shard.length + 1) };
    await expect(open(other)).rejects.toThrow(
      `a.safetensors is damaged: it has ${shard.length} bytes, palimpsest.json says ${shard.length + 1}; fetch it or convert the model again`,
    );
    const { "a.safetensors": _, ...missing } = folder;
    await expect(open(missing)).rejects.toThrow(
      `${INDEX} names a.safetensors, which tiny does not have; fetch it again`,
    );
    const b = { "b.safetensors": folder["a.safetensors"] };
    const listed = { ...folder, ...b, [INDEX]: { weight_map: { "wte.weight": "b.safetensors" } } };
    await expect(open(listed)).rejects.toThrow("it does not list b.safetensors");
  });

  test("names a shard whose header is damaged", async () => {
    const bytes = shard.slice();
    bytes[9] = 0;
    await expect(open({ ...folder, "a.safetensors": bytes })).rejects.toThrow(
      "a.safetensors is not a safetensors file: its header is not JSON",
    );
  });

  test("of another format, or no manifest", async () => {
    const later = { ...manifest(1), format: 2 };
    await expect(open({ ...folder, "palimpsest.json": later })).rejects.toThrow(
      'palimpsest.json: "format" is 2, expected 1; update Palimpsest',
    );
    await expect(open({ ...folder, "palimpsest.json": "{" })).rejects.toThrow(
      "palimpsest.json is not JSON",
    );
  });
});

function joined(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
