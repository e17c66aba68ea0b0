import type { ModelConfig } from "./config.ts";
import { configFields, publishedShapes } from "./publishedShapes.ts";
import { parseConfig } from "./parseConfig.ts";

/** A published model that this engine runs, so that it can be listed and planned before anything is downloaded. */
export interface KnownModel {
  name: string;
  /** On the Hugging Face Hub. */
  id: string;
  revision: string;
  parameters: number;
  /** Its weights' files as the Hub keeps them, in bytes. */
  files: readonly { path: string; bytes: number }[];
  /** What there is to know before choosing it. */
  note?: string;
  config: ModelConfig;
}

/** What the GPT-2 family shares (METHODS 1.3). */
const gpt2: Omit<ModelConfig, keyof Shape | "dMlp"> = {
  architecture: "gpt2",
  revision: "main",
  vocab: 50257,
  positions: 1024,
  layerNormEpsilon: 1e-5,
  rotaryDim: 0,
  tied: true,
};

type Shape = Pick<ModelConfig, "name" | "layers" | "dModel" | "heads">;

function gpt2Model(
  name: string,
  shape: Shape,
  size: { parameters: number; bytes: number },
): KnownModel {
  const { parameters, bytes } = size;
  return {
    name,
    id: shape.name,
    revision: "main",
    parameters,
    files: [{ path: "model.safetensors", bytes }],
    config: { ...gpt2, ...shape, dMlp: 4 * shape.dModel },
  };
}

const gptJ: ModelConfig = {
  architecture: "gptj",
  name: "EleutherAI/gpt-j-6b",
  revision: "float16",
  layers: 28,
  dModel: 4096,
  dMlp: 16384,
  heads: 16,
  vocab: 50400,
  positions: 2048,
  layerNormEpsilon: 1e-5,
  rotaryDim: 64,
  tied: false,
};

/**
 * A Pythia model. Its file holds float16 and every layer's causal mask in bytes; what it says of its tensors, some ten
 * kB, is not counted.
 */
function pythia(
  name: string,
  id: "pythia-70m" | "pythia-160m" | "pythia-410m" | "pythia-1b" | "pythia-1.4b" | "pythia-2.8b",
  parameters: number,
): KnownModel {
  const path = `EleutherAI/${id}`;
  const config = parseConfig(configFields(publishedShapes[id]), path, "main");
  const bytes = 2 * parameters + config.layers * config.positions ** 2;
  const files = [{ path: "model.safetensors", bytes }];
  return { name, id: path, revision: "main", parameters, files, config };
}

/**
 * The models that editing was published for, smallest first; then Pythia's, which were trained alike in sizes; GPT-J both as half-precision and as whole numbers.
 * Sizes in bytes of the Hub's pickles are rounded to what its page says.
 */
export const knownModels: readonly KnownModel[] = [
  gpt2Model(
    "GPT-2 small",
    { name: "openai-community/gpt2", layers: 12, dModel: 768, heads: 12 },
    { parameters: 124_439_808, bytes: 548_105_171 },
  ),
  gpt2Model(
    "GPT-2 medium",
    { name: "openai-community/gpt2-medium", layers: 24, dModel: 1024, heads: 16 },
    { parameters: 354_823_168, bytes: 1_519_984_962 },
  ),
  gpt2Model(
    "GPT-2 large",
    { name: "openai-community/gpt2-large", layers: 36, dModel: 1280, heads: 20 },
    { parameters: 774_030_080, bytes: 3_247_159_078 },
  ),
  gpt2Model(
    "GPT-2 XL",
    { name: "openai-community/gpt2-xl", layers: 48, dModel: 1600, heads: 25 },
    { parameters: 1_557_611_200, bytes: 6_431_829_964 },
  ),
  {
    name: "GPT-J, float16",
    id: gptJ.name,
    revision: "float16",
    parameters: 6_050_882_784,
    files: [{ path: "pytorch_model.bin", bytes: 12.1e9 }],
    note: "one pickle of 12.1 GB; converted once, its 4-bit shards take a third of that",
    config: gptJ,
  },
  {
    name: "GPT-J, float32",
    id: gptJ.name,
    revision: "main",
    parameters: 6_050_882_784,
    files: [{ path: "pytorch_model.bin", bytes: 24.2e9 }],
    note: "one pickle of 24.2 GB; the float16 branch holds half of that",
    config: { ...gptJ, revision: "main" },
  },
  pythia("Pythia 70M", "pythia-70m", 70_426_624),
  pythia("Pythia 160M", "pythia-160m", 162_322_944),
  pythia("Pythia 410M", "pythia-410m", 405_334_016),
  pythia("Pythia 1B", "pythia-1b", 1_011_781_632),
  pythia("Pythia 1.4B", "pythia-1.4b", 1_414_647_808),
  pythia("Pythia 2.8B", "pythia-2.8b", 2_775_208_960),
];
