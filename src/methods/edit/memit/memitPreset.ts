import type { ModelConfig } from "../../../engine/architecture/config.ts";
import {
  isDemo,
  shapeNames,
  shapeOf,
  unpublished,
} from "../../../engine/architecture/modelShape.ts";
import { romePreset } from "../rome/romePreset.ts";
import type { MemitHyperparameters } from "./MemitHyperparameters.ts";

/** MEMIT's settings for a model, and where they come from. */
export interface MemitPreset {
  settings: MemitHyperparameters;
  source: string;
}

/** What all published settings of MEMIT share (METHODS 5.5). */
const common: Omit<MemitHyperparameters, "layers" | "lambda"> = {
  steps: 20,
  learningRate: 0.5,
  weightDecay: 0.5,
  klFactor: 0.0625,
  clamp: 0.75,
  factToken: "subject_last",
};

const by = (name: string) => `${name}, published with MEMIT (hparams/MEMIT)`;

/** By the shape of the model. */
const published: Partial<Record<string, MemitPreset>> = {
  "GPT-2 48x1600": {
    settings: { ...common, layers: [13, 14, 15, 16, 17], lambda: 20000 },
    source: by("gpt2-xl"),
  },
  "GPT-J 28x4096": {
    settings: { ...common, layers: [3, 4, 5, 6, 7, 8], lambda: 15000, steps: 25 },
    source: by("gpt-j-6B"),
  },
  "GPT-NeoX 44x6144": {
    settings: { ...common, layers: [6, 7, 8, 9, 10], lambda: 20000, clamp: 0.3 },
    source: "gpt-neox-20b, published with MEMIT (appendix B)",
  },
};

/** The built-in model's: a smaller λ writes a hundred facts more surely, a larger one damages less at a thousand. */
const demo: MemitPreset = {
  settings: {
    ...common,
    layers: [0, 1, 2],
    lambda: 3000,
    steps: 120,
    learningRate: 1,
    clamp: 2,
  },
  source:
    "the built-in model: the layers up to where its trace peaks; λ, steps and clamp by trials at 100 and 1,000 facts",
};

/**
 * MEMIT's hyperparameters for a model (METHODS 5.5): as published for GPT-2 XL, GPT-J and GPT-NeoX; chosen by trials for
 * the built-in model. For any other, none are published: five layers that end where ROME's preset edits, and `source`
 * says that it is a guess.
 */
export function memitPreset(config: ModelConfig): MemitPreset {
  if (isDemo(config)) return demo;
  const known = published[shapeOf(config)];
  if (known) return known;
  const rome = romePreset(config);
  const last = rome.settings.layer;
  const first = Math.max(0, last - 4);
  const layers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const name = shapeNames[shapeOf(config)];
  const source =
    name !== undefined && rome.source.includes("published with")
      ? `MEMIT was published for GPT-2 XL and GPT-J, not for ${name}: the five layers up to ROME's, the rest as GPT-2 XL's`
      : unpublished(config);
  return { settings: { ...common, layers, lambda: 20000 }, source };
}
