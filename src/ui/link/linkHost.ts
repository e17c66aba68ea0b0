import type { RemoteLab } from "../../../workers/connect.ts";
import type { RunKind } from "../../data/run/RunContext.ts";
import type { ModelView } from "../../../workers/protocol/protocol.ts";
import type { AskDesk } from "../ask/AskDesk.svelte.ts";
import type { EditStack } from "../edit/EditStack.svelte.ts";
import type { RunsDesk } from "../runs/RunsDesk.svelte.ts";
import type { CompareDesk } from "../score/CompareDesk.svelte.ts";
import type { TraceDesk } from "../trace/TraceDesk.svelte.ts";
import type { LinkHost } from "./LinkDesk.svelte.ts";

/** The parts of a session that links are about. */
interface Lent {
  readonly model: ModelView | null;
  readonly stack: EditStack;
  readonly runs: RunsDesk;
  readonly tracing: Pick<TraceDesk, "trace">;
  readonly comparing: Pick<CompareDesk, "compare">;
  readonly asking: Pick<AskDesk, "ask">;
}

/** What a session lends to its links; it is read when a link is opened. */
export function linkHost(session: Lent, lab: () => RemoteLab["runs"]): LinkHost {
  const again: Partial<Record<RunKind, () => Promise<void>>> = {
    trace: () => session.tracing.trace(),
    score: () => session.comparing.compare(),
    text: () => session.asking.ask(),
  };
  return {
    lab,
    model: () => session.model,
    edits: () => session.stack.edits,
    switchTo: (edits, digests) => session.stack.switchTo(edits, digests),
    read: (file) => session.stack.read(file),
    show: (id) => session.runs.show(id),
    shown: () =>
      (Object.entries(session.runs.shown) as [RunKind, string][]).map(([kind, id]) => ({
        kind,
        id,
      })),
    run: async (kind) => again[kind]?.(),
  };
}
