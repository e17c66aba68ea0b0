import { adapterWeights } from "../../methods/edit/adapterWeights.ts";
import { join } from "node:path";
import { writeNpz } from "../../data/archive/npz.ts";
import { writeDelta } from "../../data/delta/deltaFile.ts";
import { adapterFiles } from "../../data/delta/peft.ts";
import { requestsOf } from "../../data/delta/provenance.ts";
import { recipeOf } from "../../data/delta/recipe.ts";
import { architectureOf } from "../../engine/architecture/architectures.ts";
import { fillTemplate } from "../../data/facts/template.ts";
import { writeBytes } from "../open/files.ts";
import type { ToldEdit } from "./editSummary.ts";

/** Writes what was asked for: the delta, a PEFT adapter whose check asks for the first fact, the report's arrays. */
export async function editFiles(
  told: ToldEdit,
  { out, peft, report }: { out?: string; peft?: string; report?: string },
): Promise<void> {
  const { made } = told;
  if (out !== undefined) await writeBytes(out, writeDelta(made.delta));
  if (report !== undefined) await writeBytes(report, writeNpz(made.report()));
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
    recipe: recipeOf(made.delta.provenance),
    full: await adapterWeights(model, made.delta),
    check: {
      prompt: fillTemplate(prompt, subject),
      target,
      before: before[first].probability,
      after: after[first].probability,
    },
  });
  for (const [file, bytes] of Object.entries(files)) await writeBytes(join(folder, file), bytes);
}
