import { folderFiles } from "../../../src/cli/open/folderFiles.ts";
import { nodeRuntime } from "../../../src/cli/open/nodeRuntime.ts";
import { blobSource } from "../../../src/data/archive/npzStream.ts";
import { Model } from "../../../src/engine/Model.ts";
import { Tokenizer } from "../../../src/engine/checkpoint/Tokenizer.ts";
import type { LayerStatistics } from "../../../src/methods/statistics/statistics.ts";
import { readStatistics } from "../../../src/methods/statistics/statisticsFile.ts";
import { goldenFile } from "../golden.ts";

/** The random checkpoints that the golden numbers are made of. */
export const tinyNames = [
  "tiny-gpt2",
  "tiny-gpt2-untied",
  "tiny-gptj",
  "tiny-neox",
  "tiny-neox-sequential",
] as const;

export type TinyName = (typeof tinyNames)[number];

const files = (name: TinyName) =>
  folderFiles(new URL(`../../golden/checkpoints/${name}`, import.meta.url).pathname);

/** One of the golden checkpoints on onnxruntime-node. */
export function tinyModel(name: TinyName = "tiny-gpt2"): Promise<Model> {
  return Model.load(nodeRuntime(), files(name));
}

/** The golden checkpoints' tokenizer, without a model. */
export function tinyTokenizer(): Promise<Tokenizer> {
  return Tokenizer.load(files("tiny-gpt2"));
}

/** The golden covariance of layer 0's or 1's keys over the corpus. */
export async function goldenStatistics(name: TinyName, layer = 1): Promise<LayerStatistics> {
  const file = layer === 1 ? "statistics.npz" : `statistics.${layer}.npz`;
  const bytes = await goldenFile(`numbers/${name}/${file}`);
  const source = blobSource(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  return readStatistics(source, { layer, source: "test/golden/corpus.txt" });
}

/** The lines of the corpus that the golden checkpoints were trained on. */
export async function goldenCorpus(): Promise<string[]> {
  return new TextDecoder()
    .decode(await goldenFile("corpus.txt"))
    .trimEnd()
    .split("\n");
}
