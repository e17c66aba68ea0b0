import type { ModelFiles } from "./ModelFiles.ts";
import { findWeightFiles } from "../checkpoint/weightFiles.ts";

/** The files that loading a model reads, in its order, and how their weights are stored. */
export interface ModelPaths {
  paths: string[];
  stored: "float" | "q8" | "q4";
}

const VOCABULARY = ["vocab.json", "merges.txt"];

/**
 * Finds them from the list of files and the index of the shards alone: no weights are read.
 *
 * @throws a sentence where there are no weights
 */
export async function modelPaths(files: ModelFiles): Promise<ModelPaths> {
  const whole = await files.has("tokenizer.json");
  const small = [
    "config.json",
    ...(await present(files, ["palimpsest.json"])),
    ...(whole ? ["tokenizer.json"] : await present(files, VOCABULARY)),
    ...(await present(files, ["tokenizer_config.json"])),
  ];
  const { paths, weights, index } = await findWeightFiles(files);
  const names = Object.keys(weights);
  return {
    paths: [...small, ...(names.length > 0 ? [index] : []), ...paths],
    stored: storedForm(names),
  };
}

async function present(files: ModelFiles, paths: string[]): Promise<string[]> {
  const there = await Promise.all(paths.map((path) => files.has(path)));
  return paths.filter((_, i) => there[i]);
}

/** The embedding has eight bits in both, so that the blocks decide. */
function storedForm(names: string[]): ModelPaths["stored"] {
  const blocks = names.filter((name) => /\bh\.\d+\./.test(name));
  if (blocks.some((name) => name.endsWith(".q4"))) return "q4";
  return blocks.some((name) => name.endsWith(".q8")) ? "q8" : "float";
}
