import { checkDeltaFits } from "../../data/delta/checkDelta.ts";
import type { Delta } from "../../data/delta/delta.ts";
import type { ModelIdentity } from "../../data/identity/ModelIdentity.ts";
import { architectureOf } from "../architecture/architectures.ts";
import type { ModelConfig } from "../architecture/config.ts";
import { readConfig } from "../architecture/readConfig.ts";
import { weightShapes } from "../architecture/weightShapes.ts";
import { changedRows } from "../checkpoint/changedRows.ts";
import { Checkpoint } from "../checkpoint/Checkpoint.ts";
import { originOf } from "../checkpoint/origin.ts";
import type { ModelFiles } from "../files/ModelFiles.ts";
import type { Stoppable } from "../runtime/Stoppable.ts";
import { convertedTensor } from "./convertTensor.ts";
import { type PlannedShard, shardPlan } from "./shardPlan.ts";
import { checkTensors, encode, INDEX, shardIndex, smallFiles } from "./smallFiles.ts";
import { sourceStamp } from "./sourceStamp.ts";
import { dataBytes, shardPieces } from "./TensorToWrite.ts";

/** Where the files of a model go: a folder of this machine or of the browser's, or an archive. */
export interface ModelFolder {
  /** Writes one file, which is there when it is whole. */
  write(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void>;
}

/** A model with edits in its weights, about to be written. */
export interface MergedModel extends Stoppable {
  files: ModelFiles;
  deltas: readonly Delta[];
  bits: 16 | 32;
  /** Asked with what the model is known by, before anything is written; all of it is read once for that. */
  check?: ((model: ModelIdentity) => void) | undefined;
  onProgress?: ((bytes: number, total: number, stage: string) => void) | undefined;
}

/**
 * Writes a model with edits folded into its weights, as a Hugging Face folder that `transformers` loads: safetensors of
 * 16 or 32 bits, a file a layer, config, tokenizer, edit.json with the edits' provenance, and the index last, without
 * which the folder is no model. One tensor is read at a time, from the model's own files and not from the device.
 *
 * @returns the bytes of all tensors
 * @throws one sentence: an edit that does not fit, a file that is missing or damaged, a number that is not finite
 */
export async function writeMergedModel(model: MergedModel, folder: ModelFolder): Promise<number> {
  const { files, deltas, bits, signal } = model;
  const config = await readConfig(files);
  const shape = { name: config.name, weights: weightShapes(config) };
  for (const delta of deltas) checkDeltaFits(delta, shape);
  const checkpoint = await Checkpoint.open(files, architectureOf(config));
  await files.verify?.();
  const plan = shardPlan(config);
  checkTensors(checkpoint, plan);
  await checkModel(model, { config, checkpoint, plan });
  const changes = deltas.flatMap(({ weights }) => weights);
  const changed = changedRows(checkpoint, config, changes);
  const shards = plan.map(({ path, tensors }) => ({
    path,
    tensors: tensors.flatMap((tensor) => convertedTensor(changed, tensor, bits)),
  }));
  const total = dataBytes(shards.flatMap(({ tensors }) => tensors));
  const map: Record<string, string> = {};
  let done = 0;
  for (const [i, { path, tensors }] of shards.entries()) {
    const stage = `writing ${path} (${i + 1} of ${shards.length})`;
    const pieces = counted(shardPieces(tensors, { format: "pt" }, path), signal, (bytes) => {
      done += bytes;
      model.onProgress?.(Math.min(done, total), total, stage);
    });
    await folder.write(path, pieces);
    for (const { name } of tensors) map[name] = path;
  }
  for (const [path, bytes] of await smallFiles(files, bits)) await folder.write(path, once(bytes));
  const provenances = deltas.map(({ provenance }) => ({ provenance }));
  const edit = provenances.length === 1 ? provenances[0] : { edits: provenances };
  await folder.write("edit.json", once(encode(edit)));
  await folder.write(INDEX, once(shardIndex(total, map)));
  return total;
}

async function checkModel(
  { files, deltas, check, onProgress }: MergedModel,
  read: { config: ModelConfig; checkpoint: Checkpoint; plan: PlannedShard[] },
): Promise<void> {
  if (!check || deltas.every(({ provenance }) => provenance.stamp === undefined)) return;
  onProgress?.(0, 0, `reading ${files.name}, whether the edit was made with it`);
  const { config, checkpoint, plan } = read;
  const tensors = plan.flatMap(({ tensors }) => tensors);
  const stamp = (await sourceStamp(files, checkpoint, tensors)) ?? "";
  const { name: id, revision } = config;
  check({ ...(await originOf(files)), id, revision, stamp, precision: "" });
}

async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  tell: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    signal?.throwIfAborted();
    yield piece;
    tell(piece.length);
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- a file of one piece, beside those that are read for
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
