import type { ModelFiles } from "../src/engine/files/ModelFiles.ts";

/** The files that loading a model reads, in its order, and how their weights are stored. */
export interface ModelPaths {
  paths: string[];
  stored: "float" | "q8" | "q4";
}

const WEIGHTS = ["model.safetensors", "pytorch_model.bin"];
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
  for (const weights of WEIGHTS) {
    if (await files.has(weights)) return { paths: [...small, weights], stored: "float" };
    const index = `${weights}.index.json`;
    if (!(await files.has(index))) continue;
    const map = await weightMap(files, index);
    const shards = [...new Set(Object.values(map))];
    return { paths: [...small, index, ...shards], stored: storedForm(Object.keys(map)) };
  }
  throw new Error(
    `${files.name} has neither model.safetensors nor pytorch_model.bin; a model folder needs one of them, or their index`,
  );
}

async function present(files: ModelFiles, paths: string[]): Promise<string[]> {
  const there = await Promise.all(paths.map((path) => files.has(path)));
  return paths.filter((_, i) => there[i]);
}

async function weightMap(files: ModelFiles, index: string): Promise<Record<string, string>> {
  const text = new TextDecoder().decode(await files.read(index));
  try {
    const { weight_map: map } = JSON.parse(text) as { weight_map?: Record<string, string> };
    if (map && typeof map === "object") return map;
  } catch {
    // Said below.
  }
  throw new Error(`${index} of ${files.name} is damaged: it has no "weight_map"`);
}

/** The embedding has eight bits in both, so that the blocks decide. */
function storedForm(names: string[]): ModelPaths["stored"] {
  const blocks = names.filter((name) => /\bh\.\d+\./.test(name));
  if (blocks.some((name) => name.endsWith(".q4"))) return "q4";
  return blocks.some((name) => name.endsWith(".q8")) ? "q8" : "float";
}
