import type { ModelConfig } from "../../engine/architecture/config.ts";
import { isDemo, shapeOf } from "../../engine/architecture/modelShape.ts";
import type { TraceRequest } from "../../data/trace/TraceRequest.ts";

/** A causal trace's settings for a model, and where they come from. */
export interface TracePreset {
  settings: Pick<TraceRequest, "window" | "samples" | "noise" | "seed">;
  source: string;
}

/** What the authors' scripts set instead of the code's 3σ (METHODS 2.4). */
const scriptNoise: Partial<Record<string, string>> = {
  "GPT-2 48x1600": "; their script for GPT-2 XL sets the level 0.1 instead",
  "GPT-J 28x4096": "; their script for GPT-J sets the level 0.025 instead, Hase et al. 0.094",
  "GPT-NeoX 44x6144": "; their script for GPT-NeoX sets the level 0.03 instead",
};

/**
 * The settings of a causal trace (METHODS 2.4, 2.5): ten samples with noise of 3σ and windows of ten layers, as the
 * authors' code has them by default for every model, or of all layers where a model has fewer; one layer for the
 * built-in one, of whose six layers that is GPT-2 XL's ten of 48.
 */
export function tracePreset(config: ModelConfig): TracePreset {
  const common = { samples: 10, noise: { kind: "sigma", factor: 3 }, seed: 1 } as const;
  if (isDemo(config)) {
    const source = "the built-in model: one of its six layers, as ten are of GPT-2 XL's 48";
    return { settings: { ...common, window: 1 }, source };
  }
  const script = scriptNoise[shapeOf(config)] ?? "";
  const source = `the default of the authors' code${script}`;
  return { settings: { ...common, window: Math.min(10, config.layers) }, source };
}
