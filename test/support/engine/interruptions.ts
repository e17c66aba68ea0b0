import { expect } from "vitest";
import type { InferenceSession } from "onnxruntime-common";
import type { Model } from "../../../src/engine/Model.ts";
import type { Runtime } from "../../../src/engine/runtime/Runtime.ts";

/** A runtime that counts the runs of its sessions, and does something at the n-th from now. */
export interface Interruptible {
  runtime: Runtime;
  /** Sets what happens at the n-th run from now, 1 the next; answers whether it came to that. */
  at(n: number, happens: () => void): () => boolean;
  /** Runs so far. */
  readonly runs: number;
}

/** Puts a counter between a runtime's sessions and whoever runs them. */
export function interruptible(inner: Runtime): Interruptible {
  let runs = 0;
  let due = { run: Infinity, happens: () => {} };
  const counted = (session: InferenceSession): Pick<InferenceSession, "run" | "release"> => ({
    run(feeds: InferenceSession.FeedsType) {
      if (++runs === due.run) due.happens();
      return session.run(feeds);
    },
    release: () => session.release(),
  });
  const InferenceSession = {
    create: async (...given: Parameters<typeof inner.ort.InferenceSession.create>) =>
      counted(await inner.ort.InferenceSession.create(...given)),
  };
  return {
    runtime: { ...inner, ort: { ...inner.ort, InferenceSession } as unknown as Runtime["ort"] },
    at(n, happens) {
      due = { run: runs + n, happens };
      const { run } = due;
      return () => runs >= run;
    },
    get runs() {
      return runs;
    },
  };
}

/** Something done with a model, that gives back what it made. */
export type Operation = (model: Model, signal: AbortSignal) => Promise<unknown>;

const FAULT = "the session failed, as it was told to";

/**
 * Lets an operation fail, or stops it, at one of its session runs.
 *
 * @returns whether it has that many; false where it came to its end
 * @throws where a fault is not what it throws
 */
export async function interrupt(
  sessions: Interruptible,
  { model, operation }: { model: Model; operation: Operation },
  { run, how }: { run: number; how: "fails" | "is stopped" },
): Promise<boolean> {
  const controller = new AbortController();
  const came = sessions.at(run, () => {
    if (how === "fails") throw new Error(FAULT);
    controller.abort();
  });
  const outcome = await operation(model, controller.signal).then(
    () => "done",
    (error: Error) => error.message,
  );
  const interrupted = came();
  sessions.at(Infinity, () => undefined);
  if (!interrupted) expect(outcome).toBe("done");
  else if (how === "fails") expect(outcome).toBe(FAULT);
  else expect(outcome).toMatch(/^done$|abort/);
  return interrupted;
}

/** What a model holds: tensors of its ledger, and its kernels' buffers. */
export const held = (model: Model) => ({
  ...model.ledger,
  gpu: { bytes: model.gpu?.bytes ?? 0, buffers: model.gpu?.buffers ?? 0 },
});
