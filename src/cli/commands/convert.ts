import { Checkpoint } from "../../engine/checkpoint/Checkpoint.ts";
import { architectureOf } from "../../engine/architecture/architectures.ts";
import type { ModelConfig } from "../../engine/architecture/config.ts";
import { outerWeights } from "../../engine/architecture/weightNames.ts";
import { readConfig } from "../../engine/architecture/readConfig.ts";
import type { Manifest } from "../../engine/files/manifest.ts";
import type { ModelFiles } from "../../engine/files/ModelFiles.ts";
import { checkConversion, ConversionFolder } from "../convert/ConversionFolder.ts";
import type { Command, Terminal } from "../Command.ts";
import { inFolder } from "../files/FolderLock.ts";
import { convertedTensor, shapesOf } from "../../engine/export/convertTensor.ts";
import { modelFiles } from "../open/openModel.ts";
import { choiceOption, parseOptions, required } from "../options.ts";
import { type PlannedTensor, shardPlan } from "../../engine/export/shardPlan.ts";
import { sourceStamp } from "../../engine/export/sourceStamp.ts";
import { WrongCall } from "../WrongCall.ts";
import { checkTensors, INDEX, shardIndex, smallFiles } from "../../engine/export/smallFiles.ts";
import { writeShard } from "../convert/writeShard.ts";
import { dataBytes } from "../../engine/export/TensorToWrite.ts";

/** `convert`: a checkpoint as one safetensors file per layer, in 4, 8 or 16 bits. */
export const convert: Command = {
  usage: "convert --model M --bits 4|8|16 --out DIR, or convert --check DIR",
  about:
    "Writes a model (safetensors, or a PyTorch .bin, in which nothing is run) as one file per layer with hashes; --check reads them again.",
  async run(args, terminal) {
    const values = parseOptions(args, {
      model: { type: "string" },
      bits: { type: "string" },
      out: { type: "string" },
      check: { type: "string" },
    });
    if (values.check !== undefined) return check(values.check, terminal);
    const [name, folder] = [required(values, "model"), required(values, "out")];
    required(values, "bits");
    const bits = Number(choiceOption(values, "bits", ["4", "8", "16"])) as 4 | 8 | 16;
    const manifest = await inFolder(folder, "convert", async () => {
      const files = await modelFiles(name, terminal.root, terminal);
      return convertModel(files, { bits, folder, terminal });
    });
    terminal.progress("");
    terminal.print(`${folder}: ${summary(manifest)}`);
  },
};

async function check(folder: string, terminal: Terminal): Promise<void> {
  if (folder === "") throw new WrongCall("--check needs a folder");
  const manifest = await checkConversion(folder, (path) => terminal.progress(`reading ${path}`));
  terminal.progress("");
  terminal.print(`${folder} is whole: ${summary(manifest)}`);
}

function summary({ bits, source, files }: Manifest): string {
  const sizes = Object.values(files).map(({ size }) => size);
  const megabytes = sizes.reduce((sum, size) => sum + size, 0) / 1e6;
  return `${source.name} (${source.revision}) in ${bits} bits, ${sizes.length} files, ${megabytes.toFixed(1)} MB`;
}

interface Target {
  bits: 4 | 8 | 16;
  folder: string;
  terminal: Terminal;
}

/** Reads a model tensor by tensor and writes it shard by shard. */
async function convertModel(files: ModelFiles, target: Target): Promise<Manifest> {
  const { bits, terminal } = target;
  const config = await readConfig(files);
  const checkpoint = await Checkpoint.open(files, architectureOf(config));
  // What is fetched is checked before anything is made of it: a shard that is written is not looked at again.
  await files.verify?.();
  const plan = shardPlan(config);
  checkTensors(checkpoint, plan);
  const folder = await ConversionFolder.open(target.folder, {
    bits,
    source: { name: files.name, revision: files.revision },
    stamp: await fileStamp(files, config, checkpoint),
  });
  const weights: Record<string, string> = {};
  let total = 0;
  const unread: PlannedTensor[] = [];
  for (const [i, { path, tensors }] of plan.entries()) {
    const written = tensors.flatMap((tensor) => convertedTensor(checkpoint, tensor, bits));
    for (const { name } of written) weights[name] = path;
    terminal.progress(`converting ${files.name}: ${path} (${i + 1} of ${plan.length})`);
    total += dataBytes(written);
    if (folder.isDone(path)) {
      unread.push(...tensors);
      continue;
    }
    const shapes = bits === 16 ? {} : shapesOf(tensors);
    const done = await writeShard(folder.path(path), written, { format: "pt", ...shapes });
    await folder.done(path, done);
  }
  for (const [name, bytes] of await smallFiles(files, bits)) await folder.add(name, bytes);
  await folder.add(INDEX, shardIndex(total, weights));
  return folder.finish(await sourceStamp(files, checkpoint, unread));
}

async function fileStamp(
  files: ModelFiles,
  config: ModelConfig,
  checkpoint: Checkpoint,
): Promise<string> {
  const { file } = checkpoint.place(outerWeights(config)[0].name);
  return (await files.stamp?.(file)) ?? String(await files.size(file));
}
