import type { Kept } from "../../engine/transformer/Kept.ts";
import type { Model } from "../../engine/Model.ts";
import type { Site } from "../../engine/architecture/sites.ts";
import { argmax } from "../prompt/argmax.ts";
import type { TraceKind } from "../../data/trace/TraceRequest.ts";
import type { TracePlan } from "./tracePlan.ts";

/** Where each kind of trace puts the clean value back (METHODS 1.5). */
export const traceSites: Record<TraceKind, Exclude<Site, "embed">> = {
  state: "hidden",
  mlp: "mlp",
  attn: "attn",
};

/** What a trace needs of the uncorrupted model. */
export interface CleanRun {
  kept: Kept;
  /** Token embeddings [token, dModel]. */
  embeddings: Float32Array;
  /** Per layer, the values to put back [token, dModel]. */
  values: Float32Array[];
  answerIds: number[];
  /** p(answer). */
  score: number;
  correctPrediction: boolean;
}

/** Runs the prompt once as it is; without a target the answer is its most probable token (METHODS 2.3). */
export async function cleanRun(
  model: Model,
  plan: TracePlan,
  { kind, signal }: { kind: TraceKind; signal: AbortSignal | undefined },
): Promise<CleanRun> {
  const { vocab, layers } = model.config;
  const site = traceSites[kind];
  const positions = Array.from(
    { length: Math.max(1, plan.answerIds.length) },
    (_, j) => plan.promptLength - 1 + j,
  );
  const result = await model.run({
    tokens: [plan.input],
    watch: [
      { site: "embed", layer: 0 },
      ...Array.from({ length: layers }, (_, layer) => ({ site, layer })),
    ],
    keep: true,
    readout: positions.map((token) => ({ row: 0, token })),
    signal,
  });
  const predictions = positions.map((_, j) => result.readout.subarray(j * vocab, (j + 1) * vocab));
  const greedy = predictions.map(argmax);
  const answerIds = plan.answerIds.length > 0 ? plan.answerIds : greedy;
  return {
    kept: result.kept!,
    embeddings: result.watched[0],
    values: result.watched.slice(1),
    answerIds,
    score: Math.exp(predictions.reduce((log, row, j) => log + row[answerIds[j]], 0)),
    correctPrediction: answerIds.every((id, j) => id === greedy[j]),
  };
}
