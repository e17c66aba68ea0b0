import { readFileSync } from "node:fs";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseHeader } from "../../../src/data/weights/safetensors.ts";

const from = new URL("../../golden/checkpoints/tiny-gpt2/", import.meta.url).pathname;
const small = ["config.json", "tokenizer.json", "tokenizer_config.json"];

/** The tiny GPT-2's weights with other numbers in one matrix: of another model of the same name and shapes. */
export function twinWeights(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(readFileSync(join(from, "model.safetensors")));
  const { begin, end } = parseHeader(bytes).tensors.get("transformer.h.0.mlp.c_fc.weight")!;
  const data = new Float32Array(bytes.slice(begin, end).buffer);
  for (let i = 0; i < data.length; i++) data[i] += 0.05 * Math.sin(i);
  bytes.set(new Uint8Array(data.buffer), begin);
  return bytes;
}

/** Two folders called `model` below one: the tiny GPT-2, and another of the same name and shapes. */
export async function twinFolders(folder: string): Promise<{ one: string; other: string }> {
  const [one, other] = ["a", "b"].map((name) => join(folder, name, "model"));
  for (const path of [one, other]) {
    await mkdir(path, { recursive: true });
    for (const file of small) await copyFile(join(from, file), join(path, file));
  }
  await copyFile(join(from, "model.safetensors"), join(one, "model.safetensors"));
  await writeFile(join(other, "model.safetensors"), twinWeights());
  return { one, other };
}

/** A twin's files as a page takes a folder. */
export const twinFiles = (weights: Uint8Array<ArrayBuffer> | undefined) =>
  [...small, "model.safetensors"].map((path) => {
    const own = path === "model.safetensors" ? weights : undefined;
    return { path, file: new File([own ?? readFileSync(join(from, path))], path) };
  });
