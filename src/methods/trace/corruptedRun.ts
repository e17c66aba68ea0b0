import type { Kept } from "../../engine/transformer/Kept.ts";
import type { Model } from "../../engine/Model.ts";
import type { CleanRun } from "./cleanRun.ts";
import { corruptedEmbeddings } from "./noise.ts";
import type { TraceRequest } from "../../data/trace/TraceRequest.ts";
import type { Readout } from "./readout.ts";
import type { TracePlan } from "./tracePlan.ts";

/** How {@link corruptedRun} corrupts. */
export interface CorruptionOptions {
  request: TraceRequest;
  /** The noise level in units of the embedding. */
  level: number;
  readout: Readout;
  signal: AbortSignal | undefined;
}

/** `samples` noisy rows to restore values in, and their score as they are. */
export interface CorruptedRun {
  kept: Kept;
  score: number;
}

/**
 * Runs `samples` copies of the prompt with noise on the subject's embeddings (METHODS 2.4). Before the
 * subject they are the clean run, which is not computed again.
 */
export async function corruptedRun(
  model: Model,
  plan: TracePlan,
  clean: CleanRun,
  { request, level, readout, signal }: CorruptionOptions,
): Promise<CorruptedRun> {
  const [begin, end] = plan.subject;
  const { dModel } = model.config;
  const values = corruptedEmbeddings({
    clean: clean.embeddings.subarray(begin * dModel, end * dModel),
    samples: request.samples,
    level,
    uniform: request.noise.kind === "uniform",
    replace: request.replace,
    seed: request.seed,
    draw: request.draw,
  });
  const rows = Array.from({ length: request.samples }, (_, row) => row);
  const tokens = Array.from({ length: end - begin }, (_, i) => begin + i);
  const positions = readout.positions(plan);
  const result = await model.run({
    tokens: rows.map(() => plan.input),
    prefix: begin > 0 ? { kept: clean.kept, rows: rows.map(() => 0), token: begin } : undefined,
    interventions: [{ site: "embed", layer: 0, tokens, mode: "replace", values }],
    keep: true,
    readout: rows.flatMap((row) => positions.map((position) => ({ row, ...position }))),
    signal,
  });
  return { kept: result.kept!, score: readout.score(result.readout, positions.length) };
}
