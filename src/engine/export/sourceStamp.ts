import type { Checkpoint } from "../checkpoint/Checkpoint.ts";
import { stampOf } from "../checkpoint/stamp.ts";
import { Tokenizer } from "../checkpoint/Tokenizer.ts";
import { readConfig } from "../architecture/readConfig.ts";
import type { ModelFiles } from "../files/ModelFiles.ts";
import { rememberedFiles } from "../files/rememberedFiles.ts";
import type { PlannedTensor } from "./shardPlan.ts";

/** Numbers that are read at a time. */
const SLAB = 2 ** 22;

/**
 * The stamp that a model has when it is loaded, after its conversion: most of it has passed by then. Undefined for weights
 * without a tokenizer, which cannot be loaded.
 *
 * @param unread tensors that were converted on an earlier run; they are read for it
 */
export async function sourceStamp(
  files: ModelFiles,
  checkpoint: Checkpoint,
  unread: readonly PlannedTensor[],
): Promise<string | undefined> {
  const small = rememberedFiles(files);
  await readConfig(small.files);
  try {
    await Tokenizer.load(small.files);
  } catch {
    return undefined;
  }
  for (const { name } of unread) await readPast(checkpoint, name);
  return stampOf(small.contents, checkpoint.samples);
}

async function readPast(checkpoint: Checkpoint, name: string): Promise<void> {
  if (checkpoint.form(name) !== "float") return void (await checkpoint.quantized(name));
  const [rows, ...rest] = checkpoint.info(name).shape;
  const width = rest.reduce((product, n) => product * n, 1);
  const slab = Math.max(1, Math.floor(SLAB / width));
  for (let begin = 0; begin < rows; begin += slab) {
    await checkpoint.rows(name, begin, Math.min(rows, begin + slab));
  }
}
