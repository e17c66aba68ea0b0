import { readNpz } from "../../../../src/data/archive/npz.ts";
import type { NpyArray } from "../../../../src/data/archive/npz.ts";
import type { LayoutOptions } from "../../../../src/engine/checkpoint/layout.ts";
import { Model } from "../../../../src/engine/Model.ts";
import type { ModelFiles } from "../../../../src/engine/files/ModelFiles.ts";
import type { Runtime } from "../../../../src/engine/runtime/Runtime.ts";
import type { Site } from "../../../../src/engine/architecture/sites.ts";
import { type GoldenWeights, goldenWeights } from "./weightChecks.ts";

/** Tiny random checkpoints whose numbers PyTorch computed: see test/golden/README.md. */
export const checkpoints = [
  "tiny-gpt2",
  "tiny-gpt2-untied",
  "tiny-gptj",
  "tiny-neox",
  "tiny-neox-sequential",
] as const;

interface Engine {
  prompts: string[];
  tokens: number[][];
  targets: string[];
  target_tokens: number[][];
  layer: number;
  added: Record<Site, [layer: number, token: number]>;
  replaced: Record<Site, [layer: number, token: number]>;
  greedy: number[][];
}

export interface Golden {
  model: Model;
  engine: Engine;
  arrays: Record<string, NpyArray>;
  weights: GoldenWeights;
}

/** Loads a checkpoint and its numbers; `files` reads a folder of test/golden. */
export async function openGolden(
  runtime: Runtime,
  files: (folder: string) => ModelFiles,
  name: string,
  options?: LayoutOptions,
): Promise<Golden> {
  const numbers = files(`numbers/${name}`);
  const engine = JSON.parse(new TextDecoder().decode(await numbers.read("engine.json"))) as Engine;
  const arrays = readNpz(await numbers.read("engine.npz"));
  const weights = await goldenWeights(numbers);
  const model = await Model.load(runtime, files(`checkpoints/${name}`), options);
  return { model, engine, arrays, weights };
}
