import type { RemoteLab } from "../../../workers/connect.ts";
import type { TargetAnswer } from "../../../workers/protocol/protocol.ts";
import type { FakeEdits } from "./FakeEdits.ts";

/** What is noted when it is called, and may be made to fail. */
export type FakeCall = keyof RemoteLab | "edit" | "compare" | "ask";

/** What the fake Lab lends. */
export interface FakeHost {
  edits: FakeEdits;
  enter(method: FakeCall): void;
  pause(id: number): Promise<void>;
  keyRatio: number;
}

/** p of a target, and whether greedy text says it. */
export const answer = (probability: number): TargetAnswer => ({
  probability,
  greedy: probability > 0.5,
});
