import { adapterWeights } from "../../methods/edit/adapterWeights.ts";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writeNpz } from "../../data/archive/npz.ts";
import { writeDelta } from "../../data/delta/deltaFile.ts";
import { adapterFiles } from "../../data/delta/peft.ts";
import { requestsOf } from "../../data/delta/provenance.ts";
import { stackRecipeOf } from "../../data/delta/stackRecipe.ts";
import { architectureOf } from "../../engine/architecture/architectures.ts";
import { fillTemplate } from "../../data/facts/template.ts";
import { inFolder } from "../files/FolderLock.ts";
import { writeWhole } from "../files/writeWhole.ts";
import type { ToldEdit } from "./editSummary.ts";

const ADAPTER = "adapter_config.json";

/** Writes what was asked for: the delta, a PEFT adapter whose check asks for the first fact, the report's arrays. */
export async function editFiles(
  told: ToldEdit,
  { out, peft, report }: { out?: string; peft?: string; report?: string },
): Promise<void> {
  const { made } = told;
  if (out !== undefined) await writeWhole(out, writeDelta(made.delta));
  if (report !== undefined) await writeWhole(report, writeNpz(made.report()));
  if (peft !== undefined) await writeAdapter(peft, told);
}

async function writeAdapter(
  folder: string,
  { model, made, before, after }: ToldEdit,
): Promise<void> {
  const { name } = model.config;
  const [{ prompt, subject, target }] = requestsOf(made.delta);
  const [first] = made.written;
  const files = adapterFiles(made.delta, {
    fanInFanOut: architectureOf(model.config).stored === "inOut",
    baseModel: name,
    recipe: await stackRecipeOf([{ delta: made.delta, on: true }]),
    full: await adapterWeights(model, made.delta),
    check: {
      prompt: fillTemplate(prompt, subject),
      target,
      before: before[first].probability,
      after: after[first].probability,
    },
  });
  await inFolder(folder, "edit", async () => {
    // Without it the folder is no adapter: one that is there is none until the other files are the new ones.
    const { [ADAPTER]: about, ...others } = files;
    await rm(join(folder, ADAPTER), { force: true });
    for (const [file, bytes] of Object.entries(others)) await writeWhole(join(folder, file), bytes);
    await writeWhole(join(folder, ADAPTER), about);
  });
}
