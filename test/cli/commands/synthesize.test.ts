import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect } from "vitest";
import { folderFiles } from "../../../src/cli/open/folderFiles.ts";
import { synthesizeModel } from "../../../src/cli/commands/synthesize.ts";
import { fromFloat16, toFloat16 } from "../../../src/data/weights/float16.ts";
import { readConfig } from "../../../src/engine/architecture/readConfig.ts";
import { call, folderTest as test, golden } from "../../support/call.ts";
import { openCheckpoint } from "../../support/engine/openCheckpoint.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const terminal = { root, print: () => {}, note: () => {}, progress: () => {} };
const shapes = {
  gpt2: { model_type: "gpt2", n_embd: 48, n_head: 4, n_positions: 10, vocab_size: 4096 },
  gptj: {
    model_type: "gptj",
    n_embd: 48,
    n_head: 4,
    rotary_dim: 4,
    n_positions: 10,
    vocab_size: 5000,
    tie_word_embeddings: false,
  },
  gpt_neox: {
    model_type: "gpt_neox",
    hidden_size: 48,
    num_attention_heads: 4,
    intermediate_size: 192,
    rotary_pct: 0.5,
    max_position_embeddings: 10,
    vocab_size: 4100,
  },
};
const layersOf = { gpt2: "n_layer", gptj: "n_layer", gpt_neox: "num_hidden_layers" };
const alike = { gpt2: "tiny-gpt2", gptj: "tiny-gptj", gpt_neox: "tiny-neox" };

async function synthetic(
  folder: string,
  {
    type = "gpt2",
    ...options
  }: { type?: keyof typeof shapes; seed?: number; dtype?: "f32" | "f16" } = {},
) {
  const shape = { ...shapes[type], [layersOf[type]]: 2, _name_or_path: "synthetic-tiny" };
  await synthesizeModel(shape, { seed: 1, dtype: "f32", folder, terminal, ...options });
  return openCheckpoint(folderFiles(folder));
}

const deviation = (data: Float32Array) => {
  const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
  return { mean, std: Math.sqrt(data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length) };
};

describe.for(["gpt2", "gptj", "gpt_neox"] as const)("%s", (type) => {
  test("has the tensors and shapes of a golden checkpoint of its kind", async ({ folder }) => {
    const checkpoint = await synthetic(folder, { type });
    const real = await openCheckpoint(folderFiles(golden(alike[type])));
    const expected = real.names().filter((name) => !/\.(h|layers)\.2\./.test(name));
    expect(checkpoint.names().sort()).toEqual(expected.sort());
    for (const name of expected) {
      expect(checkpoint.info(name).shape).toHaveLength(real.info(name).shape.length);
    }
    expect(await readConfig(folderFiles(folder))).toMatchObject({
      architecture: type,
      layers: 2,
      dModel: 48,
      dMlp: 192,
      tied: type === "gpt2",
      vocab: shapes[type].vocab_size,
    });
  });

  test("answers a prompt", async ({ folder }) => {
    await synthetic(folder, { type, dtype: "f16" });
    const { status, out } = await call("predict", "--model", folder, "--prompt", "The city of");
    expect(status).toBe(0);
    expect(out.split("\n").length).toBeGreaterThan(3);
  });
});

test("the weights are spread as Hugging Face initialises them", async ({ folder }) => {
  const checkpoint = await synthetic(folder);
  for (const [name, std] of [
    ["wte.weight", 0.02],
    ["h.0.attn.c_attn.weight", 0.02],
    ["h.1.attn.c_proj.weight", 0.01],
    ["h.1.mlp.c_proj.weight", 0.01],
  ] as const) {
    const data = await checkpoint.tensor(name);
    const found = deviation(data);
    expect(Math.abs(found.std / std - 1)).toBeLessThan(0.02);
    // Of n numbers the mean is off by std/√n.
    expect(Math.abs(found.mean)).toBeLessThan((4 * std) / Math.sqrt(data.length));
    expect(data.reduce((a, b) => Math.max(a, b))).toBeLessThanOrEqual(std * Math.sqrt(3) * 1.001);
    // Neighbours do not know of one another.
    const product = data.slice(1).reduce((sum, x, i) => sum + x * data[i], 0) / data.length;
    expect(Math.abs(product)).toBeLessThan((4 * std ** 2) / Math.sqrt(data.length));
  }
  expect(new Set(await checkpoint.tensor("h.0.ln_1.weight"))).toEqual(new Set([1]));
  expect(new Set(await checkpoint.tensor("ln_f.bias"))).toEqual(new Set([0]));
  expect(new Set(await checkpoint.tensor("h.0.mlp.c_fc.bias"))).toEqual(new Set([0]));
});

test("no two tensors, seeds or layers are alike, and the same call gives the same bytes", async ({
  folder,
}) => {
  const first = await synthetic(join(folder, "a"));
  const other = await synthetic(join(folder, "b"), { seed: 2 });
  await synthetic(join(folder, "c"));
  const names = ["h.0.mlp.c_fc.weight", "h.1.mlp.c_fc.weight"];
  const [a, b] = await Promise.all(names.map((name) => first.tensor(name)));
  const c = await other.tensor(names[0]);
  const same = (x: Float32Array, y: Float32Array) => x.filter((value, i) => value === y[i]).length;
  expect(same(a, b)).toBeLessThan(3);
  expect(same(a, c)).toBeLessThan(3);
  const hash = async (name: string) => {
    const files = (await readdir(join(folder, name))).sort();
    const bytes = await Promise.all(files.map((file) => readFile(join(folder, name, file))));
    return createHash("sha256").update(Buffer.concat(bytes)).digest("hex");
  };
  expect(await hash("a")).toBe(await hash("c"));
  expect(await hash("a")).not.toBe(await hash("b"));
});

test("in float16 the numbers are those of float32, cut to 65,536 values", async ({ folder }) => {
  const single = await synthetic(join(folder, "a"));
  const half = await synthetic(join(folder, "b"), { dtype: "f16" });
  expect(half.info("wte.weight").dtype).toBe("F16");
  const [a, b] = [await single.tensor("wte.weight"), await half.tensor("wte.weight")];
  expect(b).toBeAllclose(fromFloat16(toFloat16(a)), { rtol: 2 ** -10, atol: 2e-6 });
});

describe("refused with one sentence", () => {
  test("a folder that is not empty", async ({ folder }) => {
    await writeFile(join(folder, "letter.txt"), "");
    const { status, err } = await call(
      ...["synthesize", "--architecture", "gpt2", "--out", folder],
    );
    expect(status).toBe(1);
    expect(err).toBe(`${folder} is not empty; give the name of a new folder\n`);
  });

  test("a wrong call", async () => {
    expect((await call("synthesize", "--architecture", "llama", "--out", "x")).err).toBe(
      "invalid --architecture: llama (one of gpt2, gpt2-medium, gpt2-large, gpt2-xl, gpt-j-6b, gpt-neox-20b, pythia-70m, pythia-160m, pythia-410m, pythia-1b, pythia-1.4b, pythia-2.8b)\n",
    );
    expect((await call("synthesize", "--out", "x")).err).toBe("--architecture is missing\n");
    const args = ["--architecture", "gpt2", "--out", "x", "--layers", "0"];
    expect((await call("synthesize", ...args)).err).toBe(
      "invalid --layers: 0 (a whole number, 1 or more)\n",
    );
  });
});
