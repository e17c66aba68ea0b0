import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { atStrength } from "../../data/delta/strength.ts";
import type { ModelIdentity } from "../../data/identity/ModelIdentity.ts";
import { type ModelFolder, writeMergedModel } from "../../engine/export/mergedModel.ts";
import type { Command } from "../Command.ts";
import { inFolder, LOCK } from "../files/FolderLock.ts";
import { writeWhole } from "../files/writeWhole.ts";
import { checkMadeWith, deltaOption, readEdit, strengthsOf } from "../open/openDelta.ts";
import { anotherModel, modelFiles } from "../open/openModel.ts";
import { choiceOption, parseOptions, required } from "../options.ts";
import { WrongCall } from "../WrongCall.ts";

/** `merge`: a model with edits in its weights, as a folder that `transformers` loads. */
export const merge: Command = {
  usage: "merge --model M --delta F … [--strength S,…] [--another-model] --out DIR [--bits 16|32]",
  about:
    "Writes the model with the edits folded into its weights, as a Hugging Face folder (safetensors, 32 bits unless said).",
  async run(args, terminal) {
    const values = parseOptions(args, {
      ...anotherModel,
      ...deltaOption,
      model: { type: "string" },
      out: { type: "string" },
      bits: { type: "string" },
    });
    const name = required(values, "model");
    const paths = values.delta ?? [];
    if (paths.length === 0) throw new WrongCall("--delta is missing");
    const out = required(values, "out");
    const at = strengthsOf(values);
    const bits = values.bits ? choiceOption(values, "bits", ["16", "32"]) : "32";
    await inFolder(out, "merge", async () => {
      await checkEmpty(out);
      const deltas = await Promise.all(
        paths.map(async (path, i) => atStrength(await readEdit(path), at[i])),
      );
      const files = await modelFiles(name, terminal.root, terminal);
      const check = values["another-model"]
        ? undefined
        : (model: ModelIdentity) =>
            deltas.forEach((delta, i) => checkMadeWith(delta, model, paths[i]));
      const model = { files, deltas, bits: bits === "16" ? 16 : 32, check } as const;
      const onProgress = (_: number, __: number, stage: string) => terminal.progress(stage);
      const bytes = await writeMergedModel({ ...model, onProgress }, folderOf(out));
      terminal.progress("");
      const changed = new Set(deltas.flatMap(({ weights }) => weights.map(({ weight }) => weight)));
      const weights = `${changed.size} changed ${changed.size === 1 ? "weight" : "weights"}`;
      terminal.print(`${out}: ${files.name} with ${weights}, ${(bytes / 1e6).toFixed(1)} MB`);
    });
  },
};

const folderOf = (folder: string): ModelFolder => ({
  write: async (path, pieces) => void (await writeWhole(join(folder, path), pieces)),
});

/** @throws where the folder holds files, which may be another model's */
async function checkEmpty(folder: string): Promise<void> {
  const there = await readdir(folder);
  if (there.some((name) => name !== LOCK))
    throw new Error(`${folder} is not empty; give a folder that is, or a new one`);
}
