import { architectureOf } from "./architectures.ts";
import type { ModelConfig } from "./config.ts";

/** Architecture and layers × dModel, which tell known models apart under any name or folder: "GPT-2 48x1600". */
export const shapeOf = (config: Pick<ModelConfig, "architecture" | "layers" | "dModel">): string =>
  `${architectureOf(config).title} ${config.layers}x${config.dModel}`;

/** Models that papers or their readers use, as they are called, by their shape. */
export const shapeNames: Partial<Record<string, string>> = {
  "GPT-2 12x768": "GPT-2 small",
  "GPT-2 24x1024": "GPT-2 medium",
  "GPT-2 36x1280": "GPT-2 large",
};

/** How a preset begins to say that no settings were published for a model. */
export const unpublished = (config: ModelConfig): string =>
  `none published for ${shapeNames[shapeOf(config)] ?? "this model"}: a guess from GPT-2 XL`;

/** Whether this is the built-in model. */
export const isDemo = ({ name }: Pick<ModelConfig, "name">): boolean => /(^|\/)demo\/?$/.test(name);
