import { autoConfig } from "../files/pretrained.ts";
import type { DescribingFiles } from "../files/rememberedFiles.ts";
import { architectureNamed } from "./architectures.ts";
import type { ModelConfig } from "./config.ts";
import { ConfigFields } from "./ConfigFields.ts";

/**
 * Reads config.json of a model's files, as Hugging Face's AutoConfig has it.
 *
 * @throws as {@link parseConfig}, and when the file is missing or not JSON
 */
export async function readConfig(files: DescribingFiles): Promise<ModelConfig> {
  const { name, revision } = files;
  const text = new TextDecoder().decode(await files.read("config.json"));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Error(`config.json of ${name} is not JSON`, { cause });
  }
  // What transformers.js fails on is another architecture, or none: parseConfig has the sentence.
  const isObject = typeof json === "object" && json !== null && !Array.isArray(json);
  const config: unknown = isObject ? await autoConfig(json as object).catch(() => json) : json;
  return parseConfig(config, name, revision);
}

/**
 * Reads a Hugging Face config.json of an architecture that is known.
 *
 * @param json the parsed file
 * @throws `unknown architecture: llama (supported: gpt2, …)`, a field that is missing or out of range, or an option
 *   that would change the mathematics
 */
export function parseConfig(json: unknown, name: string, revision: string): ModelConfig {
  const fields = new ConfigFields(json, name);
  const type = fields.get("model_type");
  if (type === undefined) throw fields.error('lacks "model_type"');
  const { modelType, read } = architectureNamed(
    typeof type === "string" ? type : JSON.stringify(type),
  );
  return { architecture: modelType, name, revision, ...read(fields) };
}
