import type { PublishedShape } from "./Architecture.ts";
import { architectureNamed } from "./architectures.ts";

const gpt2 = (layers: number, dModel: number, heads: number) => ({
  architecture: "gpt2",
  layers,
  dModel,
  heads,
  vocab: 50257,
  positions: 1024,
});

const pythia = (layers: number, dModel: number, heads: number) => ({
  architecture: "gpt_neox",
  layers,
  dModel,
  heads,
  vocab: 50304,
  positions: 2048,
});

/** The shapes of published models (METHODS 1.3); of Pythia's those up to 2.8 billion parameters. */
export const publishedShapes = {
  gpt2: gpt2(12, 768, 12),
  "gpt2-medium": gpt2(24, 1024, 16),
  "gpt2-large": gpt2(36, 1280, 20),
  "gpt2-xl": gpt2(48, 1600, 25),
  "gpt-j-6b": {
    architecture: "gptj",
    layers: 28,
    dModel: 4096,
    heads: 16,
    vocab: 50400,
    positions: 2048,
  },
  "gpt-neox-20b": { ...pythia(44, 6144, 64), vocab: 50432 },
  "pythia-70m": pythia(6, 512, 8),
  "pythia-160m": pythia(12, 768, 12),
  "pythia-410m": pythia(24, 1024, 16),
  "pythia-1b": pythia(16, 2048, 8),
  "pythia-1.4b": pythia(24, 2048, 16),
  "pythia-2.8b": pythia(32, 2560, 32),
};

export type PublishedName = keyof typeof publishedShapes;

/** The fields of a config.json of a published shape, with other layers where asked for. */
export function configFields(
  shape: PublishedShape & { architecture: string },
  layers = shape.layers,
): Record<string, unknown> {
  const { modelType, className, write } = architectureNamed(shape.architecture);
  return { model_type: modelType, architectures: [className], ...write({ ...shape, layers }) };
}
