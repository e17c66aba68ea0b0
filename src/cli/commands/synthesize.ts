import { bytes } from "../../data/sizes.ts";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ModelConfig } from "../../engine/architecture/config.ts";
import { parseConfig } from "../../engine/architecture/parseConfig.ts";
import type { Command, Terminal } from "../Command.ts";
import {
  configFields,
  type PublishedName,
  publishedShapes,
} from "../../engine/architecture/publishedShapes.ts";
import { inFolder, LOCK } from "../files/FolderLock.ts";
import { writeWhole } from "../files/writeWhole.ts";
import { readBytes, readJson } from "../open/files.ts";
import { choiceOption, numberOption, parseOptions, required, seedOption } from "../options.ts";
import { randomFloats, randomHalves } from "../convert/randomWeights.ts";
import { type PlannedTensor, shardPlan } from "../../engine/export/shardPlan.ts";
import { writeShard } from "../convert/writeShard.ts";
import { dataBytes, type TensorToWrite } from "../../engine/export/TensorToWrite.ts";

/** `synthesize`: a checkpoint of a published model's shapes with random weights. */
export const synthesize: Command = {
  usage: `synthesize --architecture ${Object.keys(publishedShapes).join("|")} [--layers N] [--seed 1] [--dtype f32|f16] --out DIR`,
  about:
    "Writes a checkpoint of a published model's exact shapes with seeded random weights, to try what a machine can hold; it knows nothing.",
  async run(args, terminal) {
    const values = parseOptions(args, {
      architecture: { type: "string" },
      layers: { type: "string" },
      seed: { type: "string" },
      dtype: { type: "string" },
      out: { type: "string" },
    });
    required(values, "architecture");
    const folder = required(values, "out");
    const shape = choiceOption(
      values,
      "architecture",
      Object.keys(publishedShapes) as PublishedName[],
    );
    const layers = numberOption(values, "layers", { min: 1, whole: true });
    const seed = seedOption(values) ?? 1;
    const dtype = choiceOption(values, "dtype", ["f32", "f16"]);
    const name = `synthetic-${shape}${layers === undefined ? "" : `-${layers}-layers`}`;
    const config = configFields(publishedShapes[shape], layers);
    const size = await synthesizeModel(
      { ...config, _name_or_path: name },
      {
        seed,
        dtype,
        folder,
        terminal,
      },
    );
    terminal.progress("");
    terminal.print(`${folder}: ${name}, seed ${seed}, ${bytes(size)} of ${dtype}`);
  },
};

/** Where a synthetic model goes, and how its numbers are made. */
export interface Synthesis {
  seed: number;
  dtype: "f32" | "f16";
  folder: string;
  terminal: Terminal;
}

/**
 * Writes a checkpoint with random weights, one file per layer: matrices with a standard deviation of 0.02, those that
 * write to the residual stream less by √(2 · layers), norms 1 and 0, biases 0, as Hugging Face initialises GPT-2. The
 * tokenizer is the built-in model's, whatever the vocabulary's size.
 *
 * @param shape the fields of config.json that say the model's shape
 * @returns bytes of the weights
 * @throws when the folder is not empty or cannot be written
 */
export const synthesizeModel = (shape: Shape, how: Synthesis): Promise<number> =>
  inFolder(how.folder, "synthesize", () => writeModel(shape, how));

/** The fields of config.json that say a model's shape, and its name. */
type Shape = { _name_or_path: string } & Record<string, unknown>;

async function writeModel(
  shape: Shape,
  { seed, dtype, folder, terminal }: Synthesis,
): Promise<number> {
  await checkEmpty(folder);
  const demo = join(terminal.root, "public", "models", "demo");
  const json = { ...shape, ...(await commonFields(demo, dtype)) };
  const config = parseConfig(json, shape._name_or_path, "local");
  const weights: Record<string, string> = {};
  let total = 0;
  const plan = shardPlan(config);
  for (const [i, { path, tensors }] of plan.entries()) {
    terminal.progress(`writing ${path} (${i + 1} of ${plan.length})`);
    const written = tensors.map((tensor) => randomTensor(tensor, { config, seed, dtype }));
    await writeShard(join(folder, path), written, { format: "pt" });
    for (const { name } of tensors) weights[name] = path;
    total += dataBytes(written);
  }
  const index = { metadata: { total_size: total }, weight_map: weights };
  await writeJson(join(folder, "model.safetensors.index.json"), index);
  for (const name of ["tokenizer.json", "tokenizer_config.json"]) {
    await writeWhole(join(folder, name), await readBytes(join(demo, name)));
  }
  await writeJson(join(folder, "config.json"), json);
  return total;
}

const writeJson = (path: string, value: unknown) =>
  writeWhole(path, `${JSON.stringify(value, undefined, 2)}\n`);

/** The end of the text is where the built-in model's tokenizer has it. */
async function commonFields(demo: string, dtype: "f32" | "f16"): Promise<Record<string, unknown>> {
  const fields = (await readJson(join(demo, "config.json"))) as Record<string, unknown>;
  const { bos_token_id, eos_token_id } = fields;
  return {
    bos_token_id,
    eos_token_id,
    torch_dtype: dtype === "f16" ? "float16" : "float32",
  };
}

async function checkEmpty(folder: string): Promise<void> {
  if ((await readdir(folder)).every((name) => name === LOCK)) return;
  throw new Error(`${folder} is not empty; give the name of a new folder`);
}

interface Numbers {
  config: ModelConfig;
  seed: number;
  dtype: "f32" | "f16";
}

function randomTensor(
  { name, shape, starts, residual }: PlannedTensor,
  { config, seed, dtype }: Numbers,
): TensorToWrite {
  const count = shape.reduce((product, size) => product * size, 1);
  const std = 0.02 / (residual ? Math.sqrt(2 * config.layers) : 1);
  const half = dtype === "f16";
  return {
    name,
    shape,
    dtype: half ? "F16" : "F32",
    *bytes() {
      if (starts !== "random") {
        yield half
          ? bytesOf(new Uint16Array(count).fill(starts * 0x3c00))
          : bytesOf(new Float32Array(count).fill(starts));
        return;
      }
      const numbers = (half ? randomHalves : randomFloats)({ seed, name, count, std });
      for (const slab of numbers) yield bytesOf(slab);
    },
  };
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint16Array | Float32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);
