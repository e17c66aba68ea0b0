import type { ModelConfig } from "../../../src/engine/architecture/config.ts";

/** A GPT-2 with no weights, for what needs only its sizes. */
export const smallConfig: ModelConfig = {
  architecture: "gpt2",
  name: "small",
  revision: "test",
  tied: true,
  layers: 2,
  dModel: 8,
  dMlp: 32,
  heads: 2,
  vocab: 50,
  positions: 16,
  layerNormEpsilon: 1e-5,
  rotaryDim: 0,
};
