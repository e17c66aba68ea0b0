import { record } from "../../data/outside/kinds.ts";
import { readJson } from "../../data/outside/readJson.ts";
import type { Checkpoint } from "../checkpoint/Checkpoint.ts";
import type { ModelFiles } from "../files/ModelFiles.ts";
import type { PlannedShard } from "./shardPlan.ts";

/** Which file of a checkpoint each tensor is in. */
export const INDEX = "model.safetensors.index.json";
// What else a model's folder may hold that says how its text is read.
const TOKENIZER_FILES = [
  "tokenizer.json",
  "tokenizer_config.json",
  "vocab.json",
  "merges.txt",
  "special_tokens_map.json",
  "added_tokens.json",
  "generation_config.json",
];

/** Before hours of work: is everything there, in the shapes that config.json asks for? */
export function checkTensors(checkpoint: Checkpoint, plan: PlannedShard[]): void {
  for (const { name, shape } of plan.flatMap(({ tensors }) => tensors)) {
    const found = checkpoint.info(name).shape;
    if (found.join() === shape.join()) continue;
    throw new Error(
      `tensor ${name} has shape [${found.join(", ")}], but config.json asks for [${shape.join(", ")}]`,
    );
  }
}

/** {@link INDEX}: the bytes of all tensors, and their files by name. */
export const shardIndex = (total: number, weights: Record<string, string>): Uint8Array =>
  encode({ metadata: { total_size: total }, weight_map: weights });

/** config.json, which says what type the weights have, and the tokenizer as it is. */
export async function smallFiles(
  files: ModelFiles,
  bits: number,
): Promise<[name: string, bytes: Uint8Array][]> {
  const config = await files.read("config.json");
  const fields = readJson(config, record, `config.json of ${files.name}`);
  const type = { 16: "float16", 32: "float32" }[bits];
  const found: [string, Uint8Array][] = [
    ["config.json", type ? encode({ ...fields, torch_dtype: type }) : config],
  ];
  for (const name of TOKENIZER_FILES) {
    if (await files.has(name)) found.push([name, await files.read(name)]);
  }
  return found;
}

/** A value as indented JSON. */
export const encode = (value: unknown): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(value, undefined, 2)}\n`);
