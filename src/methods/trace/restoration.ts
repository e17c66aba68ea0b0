import type { Branch } from "../../engine/transformer/branch.ts";
import type { Model } from "../../engine/Model.ts";
import { traceSites, type CleanRun } from "./cleanRun.ts";
import type { CorruptedRun } from "./corruptedRun.ts";
import type { Readout } from "./readout.ts";
import type { TraceRequest } from "../../data/trace/TraceRequest.ts";
import type { TracePlan } from "./tracePlan.ts";
import { windowLayers, windowWidth } from "./window.ts";

interface Restoration {
  request: TraceRequest;
  clean: CleanRun;
  corrupted: CorruptedRun;
  readout: Readout;
  onRow: ((token: number, row: Float32Array) => void) | undefined;
  signal: AbortSignal | undefined;
}

/**
 * Puts clean values back into the corrupted run, one cell (token, layer) after another, and reads
 * the score (METHODS 2.5). Before the subject the corrupted run is the clean one: those cells are the
 * low score and cost nothing.
 *
 * @returns scores [token, layer], NaN in the rows of tokens that were not asked for
 */
export async function restoreCells(
  model: Model,
  plan: TracePlan,
  { request, clean, corrupted, readout, onRow, signal }: Restoration,
): Promise<Float32Array> {
  const { layers } = model.config;
  const scores = new Float32Array(plan.promptLength * layers).fill(NaN);
  const row = (token: number) => scores.subarray(token * layers, (token + 1) * layers);
  const [before, affected] = splitAt(plan.restored, plan.subject[0]);
  for (const token of before) {
    row(token).fill(corrupted.score);
    onRow?.(token, row(token).slice());
  }

  const branches = affected.flatMap((token) => rowBranches(model, request, { token, clean }));
  const missing = new Map(affected.map((token) => [token, layers]));
  const positions = readout.positions(plan);
  await model.branch(corrupted.kept, branches, positions, {
    onResult(branch, logProbabilities) {
      const token = affected[Math.floor(branch / layers)];
      row(token)[branch % layers] = readout.score(logProbabilities, positions.length);
      const left = missing.get(token)! - 1;
      missing.set(token, left);
      if (left === 0) onRow?.(token, row(token).slice());
    },
    signal,
  });
  return scores;
}

/** One branch per layer: the window around it restored at this token. */
export function rowBranches(
  { config: { layers, dModel } }: Pick<Model, "config">,
  request: Pick<TraceRequest, "kind" | "window">,
  { token, clean }: { token: number; clean: Pick<CleanRun, "values"> },
): Branch[] {
  const site = traceSites[request.kind];
  const restore = (layer: number) => ({
    site,
    layer,
    token,
    mode: "replace" as const,
    values: clean.values[layer].subarray(token * dModel, (token + 1) * dModel),
  });
  return Array.from({ length: layers }, (_, center) => {
    const [from, to] = windowLayers(center, windowWidth(request), layers);
    return { interventions: Array.from({ length: to - from }, (_, i) => restore(from + i)) };
  });
}

function splitAt(tokens: number[], begin: number): [before: number[], after: number[]] {
  return [tokens.filter((t) => t < begin), tokens.filter((t) => t >= begin)];
}
