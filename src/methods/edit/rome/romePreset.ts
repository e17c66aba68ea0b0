import type { ModelConfig } from "../../../engine/architecture/config.ts";
import { isDemo, shapeOf, unpublished } from "../../../engine/architecture/modelShape.ts";
import type { RomeHyperparameters } from "./RomeHyperparameters.ts";

/** ROME's settings for a model, and where they come from. */
export interface RomePreset {
  settings: RomeHyperparameters;
  source: string;
}

/** What all published settings share (METHODS 4.7). */
const common: Omit<RomeHyperparameters, "layer" | "clamp"> = {
  steps: 20,
  learningRate: 0.5,
  weightDecay: 0.5,
  klFactor: 0.0625,
  keyMode: "code",
  covariance: "C",
  contextLengths: [
    [5, 10],
    [10, 10],
  ],
  factToken: "subject_last",
};

const by = (name: string) => `${name}, published with ROME (hparams/ROME)`;

/** By the shape of the model. */
const published: Partial<Record<string, { layer: number; clamp: number; source: string }>> = {
  "GPT-2 24x1024": { layer: 8, clamp: 3, source: by("gpt2-medium") },
  "GPT-2 36x1280": { layer: 12, clamp: 4, source: by("gpt2-large") },
  "GPT-2 48x1600": { layer: 17, clamp: 4, source: by("gpt2-xl") },
  "GPT-J 28x4096": { layer: 5, clamp: 4, source: by("gpt-j-6B") },
  "GPT-NeoX 44x6144": {
    layer: 15,
    clamp: 4,
    source: "gpt-neox-20b, published with MEMIT's code (hparams/ROME)",
  },
};

/** The built-in model's: the layer at which its trace peaks, and steps, rate and clamp of a sweep. */
const demo: RomePreset = {
  settings: {
    ...common,
    layer: 2,
    steps: 50,
    learningRate: 1,
    clamp: 20,
    contextLengths: [
      [5, 4],
      [10, 4],
    ],
  },
  source: "the built-in model: where its trace peaks, with steps, rate and clamp from a sweep",
};

/**
 * ROME's hyperparameters for a model (METHODS 4.7): as published for GPT-2 medium, large and XL, GPT-J and GPT-NeoX;
 * chosen by a sweep for the built-in model. For any other, none are published: the layer stands at the depth of GPT-2
 * XL's, and `source` says that it is a guess to be checked by a sweep.
 */
export function romePreset(config: ModelConfig): RomePreset {
  if (isDemo(config)) return demo;
  const known = published[shapeOf(config)];
  if (known) {
    const { layer, clamp, source } = known;
    return { settings: { ...common, layer, clamp }, source };
  }
  const layer = Math.min(config.layers - 1, Math.round((17 / 48) * config.layers));
  const source = `${unpublished(config)}, check it with a sweep`;
  return { settings: { ...common, layer, clamp: 4 }, source };
}
