import { branchFootprint } from "../../engine/footprint/footprintBranch.ts";
import { largestPass, covarianceFootprint } from "../../engine/footprint/footprintCovariance.ts";
import { runFootprint } from "../../engine/footprint/footprintRun.ts";
import type { Footprint } from "../../engine/footprint/Footprint.ts";
import { traceSites } from "../trace/cleanRun.ts";
import { rowBranches } from "../trace/restoration.ts";
import type { TraceKind } from "../../data/trace/TraceRequest.ts";

/** A trace by its sizes, in tokens. */
export interface TraceSize {
  prompt: number;
  /** Where the subject begins. */
  subject: number;
  target: number;
  kind: TraceKind;
  window: number;
  samples: number;
}

/** What `trace` takes into the ledger and gives back. */
export function traceFootprint(on: Footprint, size: TraceSize): void {
  const { prompt, subject, target, samples, kind } = size;
  const { layers, dModel } = on.config;
  const width = prompt + target - 1;
  const restored = Array.from({ length: layers }, (_, layer) => ({
    site: traceSites[kind],
    layer,
  }));
  const watch = [{ site: "embed" as const, layer: 0 }, ...restored];
  const clean = runFootprint(on, { rows: 1, width, watch, keep: true, readout: target });
  const corrupted = runFootprint(on, {
    rows: samples,
    width,
    keep: true,
    readout: samples * target,
    targeted: true,
    prefix: subject > 0 ? { kept: clean, token: subject } : undefined,
  });
  const anything = new Float32Array(width * dModel);
  const values = Array.from({ length: layers }, () => anything);
  const tokens = Array.from({ length: prompt - subject }, (_, i) => subject + i);
  branchFootprint(on, corrupted, {
    branches: tokens.flatMap((token) => rowBranches(on, size, { token, clean: { values } })),
    readout: Array.from({ length: target }, (_, j) => prompt - 1 + j),
  });
  on.give(corrupted.bytes + clean.bytes);
}

/** What collecting statistics takes into the ledger: of texts with up to so many tokens. */
export function collectionFootprint(
  on: Footprint,
  { layers, longest, onGpu }: { layers: readonly number[]; longest: number; onGpu: boolean },
): { samples: number } {
  const { positions } = on.config;
  const pass = largestPass(on, { longest: Math.min(longest, positions), budget: 3 * positions });
  const samples = pass.rows * pass.width;
  const tokens = samples - (pass.rows > 1 ? 1 : 0); // of several rows one is mostly shorter
  covarianceFootprint(on, { layers, ...pass, tokens, onGpu });
  return { samples };
}
