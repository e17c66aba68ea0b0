import type { RunContext } from "../../src/data/run/RunContext.ts";
import type { Trace, TraceStart } from "../../src/data/trace/Trace.ts";
import type { TraceKind, TraceRequest } from "../../src/data/trace/TraceRequest.ts";

/** A prompt as the model sees it. */
export interface TokensView {
  ids: number[];
  /** Each token as text; a token that is not whole UTF-8 is written as its bytes, `⟨C3⟩`. */
  texts: string[];
  /** First token of the subject and the token after its last, where a subject was given. */
  subject?: [begin: number, end: number] | undefined;
}

/** One run of traces: everything of a request, and all the kinds of it that are traced. */
export interface TraceOrder extends Omit<TraceRequest, "kind"> {
  kinds: TraceKind[];
}

/** What a run of traces found, and of what. */
export interface TraceRun {
  context: RunContext;
  /** In the order of the kinds. */
  traces: Trace[];
}

/** What a run of traces reports: first of what it is, then each kind's start, its rows and its end. */
export type TraceEvent =
  | { type: "run"; context: RunContext }
  | { type: "start"; start: TraceStart }
  | { type: "row"; kind: TraceKind; token: number; row: Float32Array }
  | { type: "done"; trace: Trace };

export type { RunContext, Trace, TraceKind, TraceStart };
