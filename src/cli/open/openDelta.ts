import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { checkDeltaFits } from "../../data/delta/checkDelta.ts";
import type { Delta } from "../../data/delta/delta.ts";
import { readDelta } from "../../data/delta/deltaFile.ts";
import { readAdapter, readAdapterZip } from "../../data/delta/readAdapter.ts";
import { madeWith } from "../../data/delta/provenance.ts";
import { type ModelIdentity, otherModel } from "../../data/identity/ModelIdentity.ts";
import { readBytes } from "./files.ts";
import type { OpenModel } from "./openModel.ts";

/** The option of every command that runs a model with edits: once for each of them. */
export const deltaOption = { delta: { type: "string", multiple: true } } as const;

/**
 * Switches on the edits in files, one beside the other: our deltas (safetensors), or PEFT adapters as folders or zips.
 * None where there are no paths.
 *
 * @returns the deltas, in the order of their paths
 * @throws one sentence when a file is damaged, of another kind, or made with another model
 */
export async function applyDeltas(
  { model, another }: OpenModel,
  paths: readonly string[] = [],
): Promise<Delta[]> {
  const deltas: Delta[] = [];
  for (const path of paths) {
    const delta = await readEdit(path);
    if (!another) checkMadeWith(delta, model.identity, path);
    checkDeltaFits(delta, { name: model.config.name, weights: model.weightShapes });
    deltas.push(delta);
  }
  model.setDeltas(deltas.flatMap(({ weights }) => weights));
  return deltas;
}

/**
 * Checks that an edit was made with the model that is open, as far as it says.
 *
 * @throws one sentence that says what differs, and how it is taken all the same
 */
export function checkMadeWith({ provenance }: Delta, open: ModelIdentity, path: string): void {
  const differs = otherModel(madeWith(provenance), open);
  if (differs) throw new Error(`${path}: ${differs}; --another-model takes it all the same`);
}

/** The edit in a file: our delta (safetensors), or a PEFT adapter as a folder or a zip. */
export async function readEdit(path: string): Promise<Delta> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return readAdapter(await readFolder(path), path);
  const bytes = await readBytes(path);
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  return isZip ? readAdapterZip(bytes, path) : readDelta(bytes, path);
}

/** The files of an adapter's folder that the reader may want. */
async function readFolder(path: string): Promise<Record<string, Uint8Array>> {
  const names = (await readdir(path)).filter((name) => /\.(json|safetensors)$/.test(name));
  const files = names.map(async (name) => [name, await readBytes(join(path, name))] as const);
  return Object.fromEntries(await Promise.all(files));
}
