import { shown } from "../../data/outside/shown.ts";
import type { Architecture } from "./Architecture.ts";
import { architectureNamed } from "./architectures.ts";
import type { ModelConfig } from "./config.ts";
import { ConfigFields } from "./ConfigFields.ts";

/**
 * Reads a Hugging Face config.json of an architecture that is known.
 *
 * @param json the parsed file
 * @throws `config.json of …: unknown architecture: llama (supported: gpt2, …)`, a field that is missing or out of range, or an option
 *   that would change the mathematics
 */
export function parseConfig(json: unknown, name: string, revision: string): ModelConfig {
  const fields = new ConfigFields(json, name);
  const type = fields.get("model_type");
  if (type === undefined) throw fields.error('lacks "model_type"');
  const { modelType, read } = architectureIn(fields, typeof type === "string" ? type : shown(type));
  return { architecture: modelType, name, revision, ...read(fields) };
}

function architectureIn(fields: ConfigFields, type: string): Architecture {
  try {
    return architectureNamed(type);
  } catch (error) {
    throw fields.error(`: ${(error as Error).message}`);
  }
}
