import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { nodeRuntime } from "../../../src/cli/open/nodeRuntime.ts";
import { parseHeader, writeSafetensors } from "../../../src/data/weights/safetensors.ts";
import { gpt2 } from "../../../src/engine/architecture/gpt2.ts";
import { Checkpoint } from "../../../src/engine/checkpoint/Checkpoint.ts";
import { Samples, stampOf } from "../../../src/engine/checkpoint/stamp.ts";
import type { LoadOptions } from "../../../src/engine/checkpoint/weights.ts";
import { Model } from "../../../src/engine/Model.ts";
import { memoryFiles } from "../../support/engine/memoryFiles.ts";

type Files = Parameters<typeof memoryFiles>[0];

const folder = new URL("../../golden/checkpoints/tiny-gpt2/", import.meta.url);
const names = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];
const tiny = (): Record<string, Uint8Array> =>
  Object.fromEntries(
    names.map((name) => [name, new Uint8Array(readFileSync(new URL(name, folder)))]),
  );

async function loaded(files: Files, options?: LoadOptions) {
  const source = memoryFiles(files);
  const model = await Model.load(nodeRuntime(), source, options);
  await model.dispose();
  return { stamp: model.stamp, reads: source.reads };
}

/** The tiny model with other numbers in one tensor. */
function changed(name: string, change: (data: Float32Array, shape: number[]) => void): Files {
  const files = tiny();
  const bytes = files["model.safetensors"];
  const { shape, begin, end } = parseHeader(bytes).tensors.get(name)!;
  const data = new Float32Array(bytes.slice(begin, end).buffer);
  change(data, shape);
  bytes.set(new Uint8Array(data.buffer), begin);
  return files;
}

describe("a model's stamp", () => {
  test("is the same twice, in every precision and however it is split", async () => {
    const { stamp } = await loaded(tiny());
    expect(stamp).toMatch(/^[0-9a-f]{64}$/);
    for (const options of [
      {},
      { precision: "f16" },
      { precision: "q8" },
      { precision: "q4" },
      { bindingLimit: 2400 },
    ] as const) {
      expect((await loaded(tiny(), options)).stamp).toBe(stamp);
    }
  });

  test("costs no read: each small file is read once", async () => {
    const { reads } = await loaded(tiny());
    expect([...reads].sort()).toEqual([...names].sort());
  });

  test("does not hang on the order of tensors in the file, or on their prefix", async () => {
    const files = tiny();
    const bytes = files["model.safetensors"];
    const entries = [...parseHeader(bytes).tensors].reverse();
    const turned = writeSafetensors(
      Object.fromEntries(
        entries.map(([name, { shape, begin, end }]) => [
          name.replace(/^transformer\./, ""),
          { shape, data: new Float32Array(bytes.slice(begin, end).buffer) },
        ]),
      ),
    );
    const { stamp } = await loaded({ ...files, "model.safetensors": turned });
    expect(stamp).toBe((await loaded(tiny())).stamp);
  });

  test("differs when one number of a bias does", async () => {
    const one = changed("transformer.h.1.mlp.c_fc.bias", (data) => (data[37] += 1e-3));
    expect((await loaded(one)).stamp).not.toBe((await loaded(tiny())).stamp);
  });

  test("differs when a matrix has a small rank-one change", async () => {
    const edited = changed("transformer.h.0.mlp.c_proj.weight", (data, [rows, columns]) => {
      for (let i = 0; i < rows * columns; i++) {
        data[i] += 1e-3 * Math.sin(i % columns) * Math.cos(Math.floor(i / columns));
      }
    });
    expect((await loaded(edited)).stamp).not.toBe((await loaded(tiny())).stamp);
  });

  test("differs when one token has another embedding", async () => {
    const edited = changed("transformer.wte.weight", (data, [, width]) =>
      data.fill(0, 5 * width, 6 * width),
    );
    expect((await loaded(edited)).stamp).not.toBe((await loaded(tiny())).stamp);
  });

  test.for(["config.json", "tokenizer.json"])("differs with %s", async (name) => {
    const files = tiny();
    files[name] = Uint8Array.of(...files[name], 0x20);
    expect((await loaded(files)).stamp).not.toBe((await loaded(tiny())).stamp);
  });
});

test("safetensors and pytorch_model.bin of the same numbers have the same stamp", async () => {
  const fixture = (name: string) =>
    new Uint8Array(readFileSync(new URL(`../../data/fixtures/${name}`, import.meta.url)));
  const stamp = async (files: Files) => {
    const checkpoint = await Checkpoint.open(memoryFiles(files), gpt2);
    for (const name of checkpoint.names()) await checkpoint.tensor(name);
    return stampOf(new Map(), checkpoint.samples);
  };
  expect(await stamp({ "pytorch_model.bin": fixture("torch_f32.bin") })).toBe(
    await stamp({ "model.safetensors": fixture("torch_f32.safetensors") }),
  );
});

describe("samples of a tensor", () => {
  const shape = [1000, 12];
  const info = { dtype: "F32", shape, begin: 0, end: 4 * 12_000 } as const;
  const numbers = Float32Array.from({ length: 12_000 }, (_, i) => i);
  const bytes = new Uint8Array(numbers.buffer);
  const taken = (cuts: number[]) => {
    const samples = new Samples();
    [...cuts, bytes.length].forEach((end, i) => {
      const begin = [0, ...cuts][i];
      samples.pass("w", { ...info, shape }, { bytes: bytes.subarray(begin, end), begin });
    });
    return samples.complete();
  };

  test("are one of every row, in several columns", () => {
    const at = [...new Float32Array(taken([])[0].taken.buffer)];
    expect(at.map((i) => Math.floor(i / 12))).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(new Set(at.map((i) => i % 12)).size).toBe(12);
  });

  test("are the same in whatever pieces it passes", () => {
    expect(taken([4, 48, 96, 20_000])).toEqual(taken([]));
  });

  test("are not given of a tensor that passed in part", () => {
    const samples = new Samples();
    samples.pass("w", { ...info, shape }, { bytes: bytes.subarray(0, 4800), begin: 0 });
    expect(samples.complete()).toEqual([]);
    samples.pass("w", { ...info, shape }, { bytes: bytes.subarray(0, 4800), begin: 0 });
    expect(samples.complete()).toEqual([]);
  });
});
