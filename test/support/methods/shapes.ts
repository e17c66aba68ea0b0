import type { ModelConfig } from "../../../src/engine/architecture/config.ts";

const architectures: Record<number, string> = { 4096: "gptj", 6144: "gpt_neox" };

/** The configuration of a model of this shape, under any name. */
export function config(name: string, layers: number, dModel: number): ModelConfig {
  return {
    architecture: architectures[dModel] ?? "gpt2",
    name,
    revision: "main",
    layers,
    dModel,
    dMlp: 4 * dModel,
    heads: 16,
    vocab: 50257,
    positions: 1024,
    layerNormEpsilon: 1e-5,
    rotaryDim: 0,
    tied: true,
  };
}
