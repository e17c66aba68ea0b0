import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { checkDeltaFits } from "../../data/delta/checkDelta.ts";
import type { Delta } from "../../data/delta/delta.ts";
import { architectureOf } from "../../engine/architecture/architectures.ts";
import { readConfig } from "../../engine/architecture/readConfig.ts";
import { weightShapes } from "../../engine/architecture/weightShapes.ts";
import { changedRows } from "../../engine/checkpoint/changedRows.ts";
import { Checkpoint } from "../../engine/checkpoint/Checkpoint.ts";
import { originOf } from "../../engine/checkpoint/origin.ts";
import type { ModelFiles } from "../../engine/files/ModelFiles.ts";
import type { Command, Terminal } from "../Command.ts";
import { convertedTensor } from "../convert/convertTensor.ts";
import { shardPlan } from "../convert/shardPlan.ts";
import { checkTensors, encode, INDEX, shardIndex, smallFiles } from "../convert/smallFiles.ts";
import { sourceStamp } from "../convert/sourceStamp.ts";
import { dataBytes, writeShard } from "../convert/writeShard.ts";
import { inFolder, LOCK } from "../files/FolderLock.ts";
import { writeWhole } from "../files/writeWhole.ts";
import { checkMadeWith, readEdit } from "../open/openDelta.ts";
import { anotherModel, modelFiles } from "../open/openModel.ts";
import { choiceOption, parseOptions, required } from "../options.ts";

/** `merge`: a model with an edit in its weights, as a folder that `transformers` loads. */
export const merge: Command = {
  usage: "merge --model M --delta F [--another-model] --out DIR [--bits 16|32]",
  about:
    "Writes the model with the edit folded into its weights, as a Hugging Face folder (safetensors, 32 bits unless said).",
  async run(args, terminal) {
    const values = parseOptions(args, {
      ...anotherModel,
      model: { type: "string" },
      delta: { type: "string" },
      out: { type: "string" },
      bits: { type: "string" },
    });
    const [name, path] = [required(values, "model"), required(values, "delta")];
    const folder = required(values, "out");
    const bits = values.bits ? choiceOption(values, "bits", ["16", "32"]) : "32";
    await inFolder(folder, "merge", async () => {
      await checkEmpty(folder);
      const delta = await readEdit(path);
      const files = await modelFiles(name, terminal.root, terminal);
      const bytes = await mergeModel(files, delta, {
        bits: bits === "16" ? 16 : 32,
        folder,
        terminal,
        check: values["another-model"] ? undefined : path,
      });
      terminal.progress("");
      const weights = `${delta.weights.length} changed ${delta.weights.length === 1 ? "weight" : "weights"}`;
      terminal.print(`${folder}: ${files.name} with ${weights}, ${(bytes / 1e6).toFixed(1)} MB`);
    });
  },
};

/** @throws where the folder holds files, which may be another model's */
async function checkEmpty(folder: string): Promise<void> {
  const there = await readdir(folder);
  if (there.some((name) => name !== LOCK))
    throw new Error(`${folder} is not empty; give a folder that is, or a new one`);
}

interface MergeTarget {
  bits: 16 | 32;
  folder: string;
  terminal: Terminal;
  /** The delta's file, where it must have been made with this model. */
  check: string | undefined;
}

/** Reads a model tensor by tensor and writes each with its change, shard by shard; the index last. */
async function mergeModel(
  files: ModelFiles,
  delta: Delta,
  { bits, folder, terminal, check }: MergeTarget,
): Promise<number> {
  const config = await readConfig(files);
  checkDeltaFits(delta, { name: config.name, weights: weightShapes(config) });
  const checkpoint = await Checkpoint.open(files, architectureOf(config));
  await files.verify?.();
  const plan = shardPlan(config);
  checkTensors(checkpoint, plan);
  if (check && delta.provenance.stamp) {
    terminal.progress(`reading ${files.name}, whether the edit was made with it`);
    const stamp = await sourceStamp(
      files,
      checkpoint,
      plan.flatMap(({ tensors }) => tensors),
    );
    const { name: id, revision } = config;
    const identity = {
      ...(await originOf(files)),
      id,
      revision,
      stamp: stamp ?? "",
      precision: "",
    };
    checkMadeWith(delta, identity, check);
  }
  const changed = changedRows(checkpoint, config, delta.weights);
  const weights: Record<string, string> = {};
  let total = 0;
  for (const [i, { path, tensors }] of plan.entries()) {
    terminal.progress(`writing ${path} (${i + 1} of ${plan.length})`);
    const written = tensors.flatMap((tensor) => convertedTensor(changed, tensor, bits));
    for (const { name } of written) weights[name] = path;
    total += dataBytes(written);
    await writeShard(join(folder, path), written, { format: "pt" });
  }
  for (const [name, bytes] of await smallFiles(files, bits)) {
    await writeWhole(join(folder, name), bytes);
  }
  await writeWhole(join(folder, "edit.json"), encode({ provenance: delta.provenance }));
  await writeWhole(join(folder, INDEX), shardIndex(total, weights));
  return total;
}
