import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { folderFiles } from "../../../src/cli/open/folderFiles.ts";
import { fromFloat16, toFloat16 } from "../../../src/data/weights/float16.ts";
import { parseHeader, writeSafetensors } from "../../../src/data/weights/safetensors.ts";
import type { Checkpoint } from "../../../src/engine/checkpoint/Checkpoint.ts";
import { readConfig } from "../../../src/engine/architecture/readConfig.ts";
import { outerWeights } from "../../../src/engine/architecture/weightNames.ts";
import { BLOCK } from "../../../src/engine/checkpoint/quantize.ts";
import { call, folderTest as test, golden } from "../../support/call.ts";
import { tinyModel } from "../../support/methods/tiny.ts";
import { openCheckpoint } from "../../support/engine/openCheckpoint.ts";

const tiny = ["tiny-gpt2", "tiny-gpt2-untied", "tiny-gptj", "tiny-neox"];

async function converted(model: string, bits: number, out: string): Promise<Checkpoint> {
  const { status, err } = await call(
    ...["convert", "--model", model, "--bits", String(bits), "--out", out],
  );
  expect(err).toBe("");
  expect(status).toBe(0);
  return openCheckpoint(folderFiles(out));
}

/** Every file of a folder by its name, hashed. */
async function hashes(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  const sums = names.map(async (name) => {
    const bytes = await readFile(join(folder, name));
    return [name, createHash("sha256").update(bytes).digest("hex")] as const;
  });
  return Object.fromEntries(await Promise.all(sums));
}

const json = async <T>(...path: string[]): Promise<T> =>
  JSON.parse(await readFile(join(...path), "utf8")) as T;

/** The parts of a matrix that share a scale: the runs of 32 along its input. */
function blocksOf(data: Float32Array, name: string, [rows, columns]: number[]): number[][] {
  const conv1d = /\.(c_attn|c_proj|c_fc)\.weight$/.test(name);
  const [out, inputs] = conv1d ? [columns, rows] : [rows, columns];
  const at = (o: number, i: number) => (conv1d ? i * out + o : o * inputs + i);
  const blocks: number[][] = [];
  for (let o = 0; o < out; o++) {
    for (let first = 0; first < inputs; first += BLOCK) {
      const last = Math.min(first + BLOCK, inputs);
      blocks.push(Array.from({ length: last - first }, (_, i) => at(o, first + i)));
    }
  }
  return blocks.map((indices) => indices.map((index) => data[index]));
}

describe.for(tiny)("%s", (name) => {
  test("in 16 bits is the float16 of every weight", async ({ folder }) => {
    const source = await openCheckpoint(folderFiles(golden(name)));
    const result = await converted(golden(name), 16, join(folder, "out"));
    expect(result.names().sort()).toEqual(source.names().sort());
    for (const tensor of source.names()) {
      expect(result.info(tensor)).toMatchObject({
        dtype: "F16",
        shape: source.info(tensor).shape,
      });
      const halves = fromFloat16(toFloat16(await source.tensor(tensor)));
      expect(await result.tensor(tensor)).toEqual(halves);
    }
  });

  test.for([4, 8])("in %i bits keeps every block within the bound", async (bits, { folder }) => {
    const source = await openCheckpoint(folderFiles(golden(name)));
    const result = await converted(golden(name), bits, join(folder, "out"));
    expect(result.names().sort()).toEqual(source.names().sort());
    for (const tensor of source.names()) {
      const { shape } = source.info(tensor);
      expect(result.info(tensor).shape).toEqual(shape);
      const [before, after] = [await source.tensor(tensor), await result.tensor(tensor)];
      const form = result.form(tensor);
      if (shape.length === 1 || tensor.includes("wpe")) {
        expect(form).toBe("float");
        expect(after).toEqual(before);
        continue;
      }
      expect(form).toBe(bits === 4 && !/wte|lm_head|embed_/.test(tensor) ? "q4" : "q8");
      const pairs = [blocksOf(before, tensor, shape), blocksOf(after, tensor, shape)];
      pairs[0].forEach((block, i) => {
        // Not worse than the largest magnitude at 7 (127): half a step for each weight.
        const size = Math.max(...block.map(Math.abs));
        const step = size / (form === "q4" ? 7 : 127);
        const error = block.reduce((sum, x, j) => sum + (x - pairs[1][i][j]) ** 2, 0);
        expect(error).toBeLessThanOrEqual(block.length * (step / 2) ** 2 * 1.01);
      });
    }
  });

  test("in 4 bits again gives the same bytes, and so does going on after a stop", async ({
    folder,
  }) => {
    const [once, again] = [join(folder, "once"), join(folder, "again")];
    await converted(golden(name), 4, once);
    await converted(golden(name), 4, again);
    const expected = await hashes(once);
    expect(await hashes(again)).toEqual(expected);
    // As if it had been stopped in the middle of a layer, before the head.
    const { files, ...rest } = await json<{ files: Record<string, object> }>(
      ...[again, "palimpsest.json"],
    );
    const done = Object.entries(files).filter(([file]) => /embedding|layer-00/.test(file));
    const stamp = await stampOf(name);
    await rm(again, { recursive: true });
    await mkdir(again);
    for (const [file] of done) await copyFile(join(once, file), join(again, file));
    await writeFile(join(again, "layer-01.safetensors.part"), "half of a layer");
    const { bits, source: finished } = rest as unknown as { bits: number; source: object };
    const { stamp: _, ...source } = finished as { stamp: string };
    await writeFile(
      join(again, "palimpsest.json.part"),
      JSON.stringify({ bits, source, stamp, files: Object.fromEntries(done) }),
    );
    await converted(golden(name), 4, again);
    expect(await hashes(again)).toEqual(expected);
  });
});

async function stampOf(name: string): Promise<string> {
  const files = folderFiles(golden(name));
  const { file } = (await openCheckpoint(files)).place(
    outerWeights(await readConfig(files))[0].name,
  );
  return (await files.stamp!(file))!;
}

test("the folder is laid out as Hugging Face has it", async ({ folder }) => {
  const out = join(folder, "out");
  await converted(golden("tiny-gptj"), 16, out);
  expect((await readdir(out)).sort()).toEqual([
    "config.json",
    "embedding.safetensors",
    "head.safetensors",
    "layer-00.safetensors",
    "layer-01.safetensors",
    "layer-02.safetensors",
    "model.safetensors.index.json",
    "palimpsest.json",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
  const index = await json<{
    metadata: { total_size: number };
    weight_map: Record<string, string>;
  }>(out, "model.safetensors.index.json");
  const headers = new Map<string, ReturnType<typeof parseHeader>>();
  let total = 0;
  for (const file of new Set(Object.values(index.weight_map))) {
    const bytes = new Uint8Array(await readFile(join(out, file)));
    const header = parseHeader(bytes, bytes.length);
    expect(header.dataStart % 8).toBe(0);
    expect(header.metadata.format).toBe("pt");
    total += bytes.length - header.dataStart;
    headers.set(file, header);
  }
  expect(index.metadata.total_size).toBe(total);
  for (const [name, file] of Object.entries(index.weight_map)) {
    expect(headers.get(file)!.tensors.has(name)).toBe(true);
  }
  expect(index.weight_map["transformer.h.1.mlp.fc_out.weight"]).toBe("layer-01.safetensors");
  expect(index.weight_map["lm_head.bias"]).toBe("head.safetensors");
  const before = await json<object>(golden("tiny-gptj"), "config.json");
  expect(await json(out, "config.json")).toEqual({ ...before, torch_dtype: "float16" });
});

test("the manifest has every file's size and hash", async ({ folder }) => {
  const out = join(folder, "out");
  await converted(golden("tiny-gpt2"), 4, out);
  const { files, ...rest } = await json<{ files: Record<string, { sha256: string }> }>(
    ...[out, "palimpsest.json"],
  );
  expect(rest).toEqual({
    format: 1,
    bits: 4,
    block: 32,
    source: { name: "tiny-gpt2", revision: "local", stamp: (await tinyModel()).stamp },
  });
  const { "palimpsest.json": _, ...expected } = await hashes(out);
  const sums = Object.entries(files).map(([name, { sha256 }]) => [name, sha256]);
  expect(Object.fromEntries(sums)).toEqual(expected);
});

test("a converted model answers as the one it was made of", async ({ folder }) => {
  await converted("demo", 8, join(folder, "demo"));
  const ask = async (model: string) => {
    const prompt = "The Space Needle is in the city of";
    const { out } = await call("predict", "--model", model, "--prompt", prompt);
    return Number(/^" Seattle" +(\d+\.\d) %$/m.exec(out)?.[1]);
  };
  const [original, made] = [await ask("demo"), await ask(join(folder, "demo"))];
  expect(original).toBeGreaterThan(90);
  expect(Math.abs(made - original)).toBeLessThan(2);
});

test("a PyTorch checkpoint converts to the same bytes as its safetensors", async ({ folder }) => {
  const data = new URL("../../data/fixtures/", import.meta.url);
  const [torch, safe] = [join(folder, "model"), join(folder, "other", "model")];
  for (const [name, file, as] of [
    [torch, "torch_gpt2.bin", "pytorch_model.bin"],
    [safe, "torch_gpt2.safetensors", "model.safetensors"],
  ]) {
    await mkdir(name, { recursive: true });
    await copyFile(new URL(file, data), join(name, as));
    await copyFile(new URL("torch_gpt2.json", data), join(name, "config.json"));
  }
  await converted(torch, 4, join(folder, "a"));
  await converted(safe, 4, join(folder, "b"));
  expect(await hashes(join(folder, "a"))).toEqual(await hashes(join(folder, "b")));
});

describe("--check", () => {
  test("names a shard that was damaged, cut short or lost", async ({ folder }) => {
    const out = join(folder, "out");
    await converted(golden("tiny-gpt2"), 8, out);
    expect((await call("convert", "--check", out)).out).toMatch(
      /out is whole: tiny-gpt2 \(local\) in 8 bits, 9 files, 0\.\d MB/,
    );
    const hurt = await readFile(join(out, "layer-01.safetensors"));
    hurt[hurt.length - 5] ^= 1;
    await writeFile(join(out, "layer-01.safetensors"), hurt);
    await writeFile(join(out, "layer-02.safetensors"), hurt.subarray(1));
    await rm(join(out, "head.safetensors"));
    const { status, err } = await call("convert", "--check", out);
    expect(status).toBe(1);
    expect(err).toBe(
      `${out} is damaged: head.safetensors is missing, layer-01.safetensors has another SHA-256, layer-02.safetensors has ${hurt.length - 1} bytes instead of ${hurt.length}; fetch or convert the model again\n`,
    );
  });

  test("a folder that is no conversion", async ({ folder }) => {
    const { status, err } = await call("convert", "--check", folder);
    expect(status).toBe(1);
    expect(err).toContain("palimpsest.json cannot be read: it does not exist");
  });
});

describe("refused with one sentence", () => {
  test("a folder with anything in it, or with another conversion", async ({ folder }) => {
    await writeFile(join(folder, "letter.txt"), "");
    const args = ["convert", "--model", golden("tiny-gpt2"), "--out", folder];
    expect(await call(...args, "--bits", "4")).toMatchObject({
      status: 1,
      err: `${folder} is not empty; give the name of a new folder\n`,
    });
    const source = { name: "tiny-gptj", revision: "local" };
    const journal = JSON.stringify({ bits: 8, source, stamp: "", files: {} });
    await writeFile(join(folder, "palimpsest.json.part"), journal);
    expect((await call(...args, "--bits", "4")).err).toBe(
      `${folder} holds an interrupted conversion of tiny-gptj (local) to 8 bits, or of files that have changed since; remove it, or give another folder\n`,
    );
  });

  test("a wrong call", async () => {
    const args = ["convert", "--model", "demo", "--out", "x"];
    expect(await call(...args, "--bits", "5")).toMatchObject({
      status: 2,
      err: "invalid --bits: 5 (one of 4, 8, 16)\n",
    });
    expect(await call(...args)).toMatchObject({ status: 2, err: "--bits is missing\n" });
  });

  test("weights that are not there, or of another shape", async ({ folder }) => {
    const model = join(folder, "model");
    await mkdir(model);
    await copyFile(join(golden("tiny-gpt2"), "config.json"), join(model, "config.json"));
    const write = (shape: number[]) => {
      const data = new Float32Array(shape[0] * shape[1]);
      const bytes = writeSafetensors({ "wte.weight": { shape, data } });
      return writeFile(join(model, "model.safetensors"), bytes);
    };
    const args = ["convert", "--model", model, "--bits", "4", "--out", join(folder, "out")];
    await write([503, 19]);
    expect((await call(...args)).err).toBe(
      "tensor transformer.wte.weight has shape [503, 19], but config.json asks for [503, 20]\n",
    );
    await write([503, 20]);
    expect((await call(...args)).err).toBe(
      "the checkpoint of model has no tensor transformer.wpe.weight\n",
    );
    expect(await readdir(folder)).toEqual(["model"]);
  });

  test.for([
    [16, 1e5, "tensor transformer.wte.weight cannot be converted to 16 bits: it holds 100000"],
    [4, NaN, "tensor transformer.wte.weight: a weight is NaN; only finite weights"],
  ] as const)("a weight that %i bits cannot hold", async ([bits, bad, sentence], { folder }) => {
    const model = join(folder, "model");
    await mkdir(model);
    const path = join(golden("tiny-gpt2"), "model.safetensors");
    const bytes = new Uint8Array(await readFile(path));
    const { begin } = parseHeader(bytes).tensors.get("transformer.wte.weight")!;
    new DataView(bytes.buffer).setFloat32(begin + 400, bad, true);
    await writeFile(join(model, "model.safetensors"), bytes);
    await copyFile(join(golden("tiny-gpt2"), "config.json"), join(model, "config.json"));
    const { status, err } = await call(
      ...["convert", "--model", model, "--bits", String(bits), "--out", join(folder, "out")],
    );
    expect(status).toBe(1);
    expect(err).toContain(sentence);
    // What was begun is there under another name only.
    expect(await readdir(join(folder, "out"))).not.toContain("embedding.safetensors");
  });
});
