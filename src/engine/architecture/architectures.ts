import { shown } from "../../data/outside/shown.ts";
import type { Architecture } from "./Architecture.ts";
import type { ModelConfig } from "./config.ts";
import { gpt2 } from "./gpt2.ts";
import { gptj } from "./gptj.ts";
import { gptNeox } from "./gptNeox.ts";

/** The architectures that models may have. One more is one more file like gpt2.ts, and its name in this list. */
export const architectures: Architecture[] = [gpt2, gptj, gptNeox];

/**
 * The table of an architecture by its `model_type`.
 *
 * @throws `unknown architecture: llama (supported: gpt2, …)`
 */
export function architectureNamed(modelType: string): Architecture {
  const found = architectures.find((architecture) => architecture.modelType === modelType);
  if (found) return found;
  const supported = architectures.map((architecture) => architecture.modelType).join(", ");
  throw new Error(`unknown architecture: ${shown(modelType)} (supported: ${supported})`);
}

/** The table of a model's architecture. */
export const architectureOf = ({ architecture }: Pick<ModelConfig, "architecture">): Architecture =>
  architectureNamed(architecture);
