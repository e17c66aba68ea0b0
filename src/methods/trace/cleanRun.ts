import type { Stoppable } from "../../engine/runtime/Stoppable.ts";
import type { Kept } from "../../engine/transformer/Kept.ts";
import type { Model } from "../../engine/Model.ts";
import type { Site } from "../../engine/architecture/sites.ts";
import { argmax } from "../prompt/argmax.ts";
import type { TraceKind } from "../../data/trace/TraceRequest.ts";
import type { Readout } from "./readout.ts";
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
  /** Of the readout. */
  score: number;
  correctPrediction: boolean;
}

/** Runs the prompt once as it is; without a target the answer is its most probable token (METHODS 2.3). */
export async function cleanRun(
  model: Model,
  plan: TracePlan,
  { kind, readout, signal }: { kind: TraceKind; readout: Readout } & Stoppable,
): Promise<CleanRun> {
  const { vocab, layers } = model.config;
  const site = traceSites[kind];
  const tokens = Array.from(
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
    readout: tokens.map((token) => ({ row: 0, token })),
    signal,
  });
  const predictions = tokens.map((_, j) => result.readout.subarray(j * vocab, (j + 1) * vocab));
  const greedy = predictions.map(argmax);
  const answerIds = plan.answerIds.length > 0 ? plan.answerIds : greedy;
  const at = { tokens, predictions, readout, signal };
  return {
    kept: result.kept!,
    embeddings: result.watched[0],
    values: result.watched.slice(1),
    answerIds,
    score: await cleanScore(model, { ...plan, answerIds }, at),
    correctPrediction: answerIds.every((id, j) => id === greedy[j]),
  };
}

/** The readout's number; what it reads beside the answer's positions takes a run of its own. */
async function cleanScore(
  model: Model,
  plan: TracePlan,
  at: { tokens: number[]; predictions: Float32Array[]; readout: Readout } & Stoppable,
): Promise<number> {
  const { tokens, predictions, readout, signal } = at;
  const positions = readout.positions(plan);
  if (positions.every(({ token }) => tokens.includes(token))) {
    const logs = positions.map(({ token, target }) => predictions[tokens.indexOf(token)][target]);
    return readout.score(Float32Array.from(logs), positions.length);
  }
  const reads = positions.map((position) => ({ row: 0, ...position }));
  const found = await model.run({ tokens: [plan.input], readout: reads, signal });
  return readout.score(found.readout, positions.length);
}
