import type { RemoteLab } from "../../../workers/connect.ts";
import type { RunAbout } from "../../../src/data/run/runAbout.ts";
import type { RunContext, TargetAnswer } from "../../../workers/protocol/protocol.ts";
import type { FakeEdits } from "./FakeEdits.ts";

/** What is noted when it is called, and may be made to fail. */
export type FakeCall = keyof RemoteLab | "edit" | "compare" | "trace" | "ask";

/** What the fake Lab lends. */
export interface FakeHost {
  edits: FakeEdits;
  enter(method: FakeCall): void;
  pause(id: number): Promise<void>;
  keyRatio: number;
  /** What a run says of itself: the model that was loaded last, with the edits that are on. */
  context(about: RunAbout): RunContext;
}

/** p of a target, and whether greedy text says it. */
export const answer = (probability: number): TargetAnswer => ({
  probability,
  greedy: probability > 0.5,
});
