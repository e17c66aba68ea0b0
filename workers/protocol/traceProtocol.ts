import type { Trace, TraceStart } from "../../src/data/trace/Trace.ts";
import type { TraceRequest } from "../../src/data/trace/TraceRequest.ts";

/** A prompt as the model sees it. */
export interface TokensView {
  ids: number[];
  /** Each token as text; a token that is not whole UTF-8 is written as its bytes, `⟨C3⟩`. */
  texts: string[];
  /** First token of the subject and the token after its last, where a subject was given. */
  subject?: [begin: number, end: number] | undefined;
}

/** What a trace reports while it runs. */
export type TraceEvent =
  { type: "start"; start: TraceStart } | { type: "row"; token: number; row: Float32Array };

export type { Trace, TraceRequest, TraceStart };
