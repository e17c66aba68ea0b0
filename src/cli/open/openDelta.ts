import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { checkDeltaFits } from "../../data/delta/checkDelta.ts";
import type { Delta } from "../../data/delta/delta.ts";
import { readDelta } from "../../data/delta/deltaFile.ts";
import { readAdapter, readAdapterZip } from "../../data/delta/readAdapter.ts";
import { madeWith } from "../../data/delta/provenance.ts";
import { type ModelIdentity, otherModel } from "../../data/identity/ModelIdentity.ts";
import { atStrength } from "../../data/delta/strength.ts";
import { strengths } from "../../data/delta/strengths.ts";
import { numbersOption } from "../options.ts";
import { WrongCall } from "../WrongCall.ts";
import { readBytes } from "./files.ts";
import type { OpenModel } from "./openModel.ts";

/** The options of every command that runs a model with edits: a file for each of them, and how much of it is laid on. */
export const deltaOption = {
  delta: { type: "string", multiple: true },
  strength: { type: "string" },
} as const;

/** What they say. */
export interface GivenDeltas {
  delta?: string[] | undefined;
  strength?: string | undefined;
}

/**
 * Switches on the edits in files, one beside the other: our deltas (safetensors), or PEFT adapters as folders or zips.
 * None where there are no paths.
 *
 * @returns the deltas at their strengths, in the order of their paths
 * @throws one sentence when a file is damaged, of another kind, or made with another model
 */
export async function applyDeltas(
  { model, another }: OpenModel,
  given: GivenDeltas,
): Promise<Delta[]> {
  const { delta: paths = [] } = given;
  const at = strengthsOf(given);
  const deltas: Delta[] = [];
  for (const [i, path] of paths.entries()) {
    const delta = await atStrength(await readEdit(path), at[i]);
    if (!another) checkMadeWith(delta, model.identity, path);
    checkDeltaFits(delta, { name: model.config.name, weights: model.weightShapes });
    deltas.push(delta);
  }
  model.setDeltas(deltas.flatMap(({ weights }) => weights));
  return deltas;
}

/**
 * What the ΔW of each edit is multiplied by: one number for all, or one for each.
 *
 * @throws {WrongCall} for what is no number from 0 to 1.5, and where there are others than edits
 */
export function strengthsOf({ delta = [], ...given }: GivenDeltas): number[] {
  const said = numbersOption(given, "strength", strengths) ?? [1];
  if (given.strength !== undefined && delta.length === 0)
    throw new WrongCall("--strength goes with --delta");
  if (said.length === 1) return delta.map(() => said[0]);
  if (said.length === delta.length) return said;
  throw new WrongCall(
    `--strength has ${said.length} numbers for ${delta.length} edits; give one, or one for each`,
  );
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
