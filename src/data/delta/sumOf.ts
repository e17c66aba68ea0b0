import { combine } from "./combine.ts";
import type { Delta } from "./delta.ts";
import { deltaDigest } from "./digest.ts";
import { type EditBeneath, requestsOf } from "./provenance.ts";
import { editBeneath } from "./provenanceOn.ts";

/** What the sum of several edits says that made it. */
const METHOD = "sum of edits";

/**
 * Edits that are on together as one: its ΔW is the sum of theirs, in which their order makes no difference but in the last
 * place. Its provenance tells what they write, and how each of them is made again.
 *
 * @param deltas at the strengths at which they are on, one at least
 * @throws as {@link combine}
 */
export async function sumOf(deltas: readonly Delta[]): Promise<Delta> {
  if (deltas.length === 1) return deltas[0];
  const known = new Map<string, EditBeneath>();
  for (const delta of deltas) {
    const { itself, beneath } = await editBeneath(delta);
    for (const entry of [...beneath, itself])
      if (!known.has(entry.digest)) known.set(entry.digest, entry);
  }
  const { format, version, model, revision, stamp, precision, app } = deltas[0].provenance;
  const weights = combine(deltas.flatMap(({ weights }) => weights));
  const requests = deltas.flatMap(requestsOf);
  return {
    provenance: {
      format,
      version,
      model,
      revision,
      ...(stamp === undefined ? {} : { stamp }),
      ...(precision === undefined ? {} : { precision }),
      app,
      method: METHOD,
      seed: 0,
      hyperparameters: {},
      requests,
      sum: await Promise.all(deltas.map(deltaDigest)),
      beneath: [...known.values()],
    },
    weights,
  };
}
