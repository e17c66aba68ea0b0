import type { ModelConfig } from "../../engine/architecture/config.ts";
import type { MemitHyperparameters } from "./memit/memit.ts";
import type { RomeHyperparameters } from "./rome/rome.ts";
import type { TraceRequest } from "../trace/trace.ts";

/** ROME's settings for a model, and where they come from. */
export type RomePreset = RomeHyperparameters & { source: string };

/** What all published settings share (METHODS 4.7). */
const common: Omit<RomeHyperparameters, "layer" | "clamp"> = {
  steps: 20,
  learningRate: 0.5,
  weightDecay: 0.5,
  klFactor: 0.0625,
  keyMode: "code",
  mom2Adjustment: true,
  contextLengths: [
    [5, 10],
    [10, 10],
  ],
  factToken: "subject_last",
};

const published = "published with ROME (hparams/ROME)";

/** Known models by layers × dModel, which tells them apart under any name or folder. */
const presets: Partial<Record<string, RomePreset>> = {
  "24x1024": { ...common, layer: 8, clamp: 3, source: `gpt2-medium, ${published}` },
  "36x1280": { ...common, layer: 12, clamp: 4, source: `gpt2-large, ${published}` },
  "48x1600": { ...common, layer: 17, clamp: 4, source: `gpt2-xl, ${published}` },
  "28x4096": { ...common, layer: 5, clamp: 4, source: `gpt-j-6B, ${published}` },
};

/** The built-in model's, from `palimpsest sweep` and `evaluate` (README, what is measured). */
const demo: RomePreset = {
  ...common,
  layer: 0,
  steps: 50,
  learningRate: 1,
  clamp: 20,
  contextLengths: [
    [5, 4],
    [10, 4],
  ],
  source: "the built-in model, chosen by a sweep over layers, steps and clamp",
};

/**
 * ROME's hyperparameters for a model (METHODS 4.7): as published for GPT-2 medium, large and XL and GPT-J;
 * chosen by a sweep for the built-in model. For any other, none are published: the layer stands at the
 * depth of GPT-2 XL's, and `source` says that it is a guess to be checked by a sweep.
 */
export function romePreset(config: ModelConfig): RomePreset {
  if (isDemo(config)) return demo;
  const known = presets[shapeOf(config)];
  if (known) return known;
  const layer = Math.min(config.layers - 1, Math.round((17 / 48) * config.layers));
  return { ...common, layer, clamp: 4, source: `${unpublished(config)}, check it with a sweep` };
}

/** MEMIT's settings for a model, and where they come from. */
export type MemitPreset = MemitHyperparameters & { source: string };

/** What all published settings of MEMIT share (METHODS 5.5). */
const commonMemit: Omit<MemitHyperparameters, "layers" | "lambda"> = {
  steps: 20,
  learningRate: 0.5,
  weightDecay: 0.5,
  klFactor: 0.0625,
  clamp: 0.75,
  factToken: "subject_last",
};

const publishedMemit = "published with MEMIT (hparams/MEMIT)";

const memitPresets: Partial<Record<string, MemitPreset>> = {
  "48x1600": {
    ...commonMemit,
    layers: [13, 14, 15, 16, 17],
    lambda: 20000,
    source: `gpt2-xl, ${publishedMemit}`,
  },
  "28x4096": {
    ...commonMemit,
    layers: [3, 4, 5, 6, 7, 8],
    lambda: 15000,
    steps: 25,
    source: `gpt-j-6B, ${publishedMemit}`,
  },
};

/** The built-in model's, from `palimpsest mass` (README, what is measured). */
const demoMemit: MemitPreset = {
  ...commonMemit,
  layers: [0, 2],
  lambda: 100,
  steps: 40,
  learningRate: 1,
  clamp: 20,
  source: "the built-in model, chosen by trying layers, λ, steps and clamp",
};

/**
 * MEMIT's hyperparameters for a model (METHODS 5.5): as published for GPT-2 XL and GPT-J; chosen by trials for the
 * built-in model. For any other, none are published: five layers that end where ROME's preset edits, and `source` says
 * that it is a guess.
 */
export function memitPreset(config: ModelConfig): MemitPreset {
  if (isDemo(config)) return demoMemit;
  const known = memitPresets[shapeOf(config)];
  if (known) return known;
  const last = romePreset(config).layer;
  const first = Math.max(0, last - 4);
  const layers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const after = names[shapeOf(config)] && shapeOf(config) in presets;
  const source = after
    ? `MEMIT was published for GPT-2 XL and GPT-J, not for ${names[shapeOf(config)]}: the five layers up to ROME's, the rest as GPT-2 XL's`
    : unpublished(config);
  return { ...commonMemit, layers, lambda: 20000, source };
}

/** A causal trace's settings for a model, and where they come from. */
export type TracePreset = Pick<TraceRequest, "window" | "samples" | "noise"> & { source: string };

/** What the authors' scripts set instead of the code's 3σ (METHODS 2.4). */
const scriptNoise: Partial<Record<string, string>> = {
  "48x1600": "; their script for GPT-2 XL sets the level 0.1 instead",
  "28x4096": "; their script for GPT-J sets the level 0.025 instead, Hase et al. 0.094",
};

/**
 * The settings of a causal trace (METHODS 2.4, 2.5): ten samples with noise of 3σ and windows of ten layers, as the
 * authors' code has them by default for every model; three layers for the built-in one, which has eight.
 */
export function tracePreset(config: ModelConfig): TracePreset {
  const noise = { kind: "sigma", factor: 3 } as const;
  if (isDemo(config)) {
    return {
      noise,
      samples: 10,
      window: 3,
      source: "the built-in model, whose windows are narrow",
    };
  }
  const script = scriptNoise[shapeOf(config)] ?? "";
  return { noise, samples: 10, window: 10, source: `the default of ROME's code${script}` };
}

/** Models that the authors' papers or their readers use, as they are called. */
const names: Partial<Record<string, string>> = {
  "12x768": "GPT-2 small",
  "24x1024": "GPT-2 medium",
  "36x1280": "GPT-2 large",
};

const shapeOf = ({ layers, dModel }: ModelConfig): string => `${layers}x${dModel}`;

const unpublished = (config: ModelConfig): string =>
  `none published for ${names[shapeOf(config)] ?? "this model"}: a guess from GPT-2 XL`;

const isDemo = ({ name }: ModelConfig): boolean => /(^|\/)demo\/?$/.test(name);
