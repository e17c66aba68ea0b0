import { parseJson } from "../../data/outside/readJson.ts";
import { autoConfig } from "../files/pretrained.ts";
import type { DescribingFiles } from "../files/rememberedFiles.ts";
import type { ModelConfig } from "./config.ts";
import { parseConfig } from "./parseConfig.ts";

/**
 * Reads config.json of a model's files, as Hugging Face's AutoConfig has it.
 *
 * @throws as {@link parseConfig}, and when the file is missing, not JSON, or far too large
 */
export async function readConfig(files: DescribingFiles): Promise<ModelConfig> {
  const { name, revision } = files;
  const json = parseJson(await files.read("config.json"), `config.json of ${name}`);
  // What transformers.js fails on is another architecture, or none: parseConfig has the sentence.
  const isObject = typeof json === "object" && json !== null && !Array.isArray(json);
  const config: unknown = isObject ? await autoConfig(json).catch(() => json) : json;
  return parseConfig(config, name, revision);
}
