import type { Delta } from "./delta.ts";
import { deltaDigest } from "./digest.ts";
import type { EditBeneath, Provenance } from "./provenance.ts";

/**
 * The provenance of an edit that was made while others were on: with them, and with those that they stand on, so that its
 * file alone tells how to make all of it again.
 */
export async function provenanceOn(
  provenance: Provenance,
  beneath: readonly Delta[],
): Promise<Provenance> {
  if (beneath.length === 0) return provenance;
  const known = new Map<string, EditBeneath>();
  const on: string[] = [];
  for (const delta of beneath) {
    const edit = await editBeneath(delta);
    for (const entry of [...edit.beneath, edit.itself])
      if (!known.has(entry.digest)) known.set(entry.digest, entry);
    on.push(edit.itself.digest);
  }
  return { ...provenance, on, beneath: [...known.values()] };
}

/** An edit as others that stand on it name it, and those that it stands on. */
export async function editBeneath(
  delta: Delta,
): Promise<{ itself: EditBeneath; beneath: readonly EditBeneath[] }> {
  const { on = [], beneath = [], ...provenance } = delta.provenance;
  return { itself: { digest: await deltaDigest(delta), on, provenance }, beneath };
}
