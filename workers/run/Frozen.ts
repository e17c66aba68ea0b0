import type { Delta } from "../../src/data/delta/delta.ts";
import type { ModelIdentity } from "../../src/data/identity/ModelIdentity.ts";
import type { RunContext, RunEdit } from "../../src/data/run/RunContext.ts";
import type { RunAbout } from "../../src/data/run/runAbout.ts";
import { version } from "../../src/data/run/version.ts";

/** What a run is of, taken when it is asked for: edits that are switched while it waits or runs are not in it. */
export interface Frozen {
  /** What is switched on. */
  deltas: Delta[];
  model: ModelIdentity;
  /** The same as others read it. */
  edits(): Promise<RunEdit[]>;
}

/**
 * The context of a run that begins now.
 *
 * @param open the model that is open by now
 * @throws a sentence where another one is open than the run was asked for
 */
export async function contextOf(
  frozen: Frozen,
  open: { identity: ModelIdentity; runtime?: { provider: string } },
  about: RunAbout,
): Promise<RunContext> {
  if (open.identity.stamp !== frozen.model.stamp)
    throw new Error("another model was opened before this run’s turn came; run it again");
  return {
    ...about,
    model: { ...open.identity },
    edits: await frozen.edits(),
    provider: open.runtime?.provider,
    version,
    begun: new Date().toISOString(),
  };
}
