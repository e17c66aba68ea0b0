import { branchFootprint } from "../../engine/footprint/footprintBranch.ts";
import { evaluationFootprint } from "../../engine/footprint/footprintEvaluation.ts";
import { largestPass, momentsFootprint } from "../../engine/footprint/footprintMoments.ts";
import { generateFootprint, runFootprint } from "../../engine/footprint/footprintRun.ts";
import type { Footprint, KeptSize } from "../../engine/footprint/Footprint.ts";
import { traceSites } from "../trace/cleanRun.ts";
import { PREFIX_TOKENS, STARTERS } from "../edit/memit/memitContexts.ts";
import { FACTS_PER_RUN } from "../edit/meanKeys.ts";
import { rowBranches } from "../trace/restoration.ts";
import { batchSize } from "../edit/memit/targetStates.ts";
import type { TraceKind } from "../trace/trace.ts";

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

/** A row of an edit: its tokens, where it looks the fact up, and how many of its first tokens other facts share. */
export interface RowSize {
  tokens: number;
  lookup: number;
  shared?: number;
}

/** The rows of an edit: one a context, the essence's, and the bare prompt's where it is no context. */
export interface EditSize {
  rows: readonly RowSize[];
  contexts: number;
  /** Tokens of the target. */
  target: number;
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
    ...(subject > 0 && { prefix: { kept: clean, token: subject } }),
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

/** What `rome` takes into the ledger and gives back. */
export function romeFootprint(on: Footprint, { edit, layer, contextLengths }: RomeSize): void {
  for (const [tokens, rows] of contextLengths) generateFootprint(on, { rows, tokens });
  const { rows, contexts, target } = edit;
  const base = runFootprint(on, {
    rows: rows.length,
    width: Math.max(...rows.map(({ tokens }) => tokens)),
    keep: true,
    watch: [
      { site: "key", layer },
      { site: "mlp", layer },
    ],
    readout: 1,
  });
  const width = Math.max(...rows.map(({ tokens, lookup }) => tokens - lookup));
  const loss = { nll: contexts * target, kl: 1 };
  evaluationFootprint(on, { layer, rows: rows.length, width, base, ...loss });
  on.readMlpOut();
  on.give(base.bytes);
}

/** A ROME edit by its sizes. */
export interface RomeSize {
  edit: EditSize;
  layer: number;
  /** Of the contexts that are sampled; none where they are given. */
  contextLengths: readonly (readonly [length: number, count: number])[];
}

/** MEMIT by its sizes; all facts count as long as the longest. */
export interface MemitSize {
  edit: EditSize;
  layers: readonly number[];
  facts: number;
  /** Facts whose z's are searched together. */
  batch?: number | undefined;
  /** Whether contexts are sampled. */
  sampled: boolean;
}

/** What `memit` takes into the ledger and gives back. */
export function memitFootprint(on: Footprint, size: MemitSize): void {
  if (size.sampled) generateFootprint(on, { rows: STARTERS.length, tokens: PREFIX_TOKENS });
  searchFootprint(on, size);
  const { layers, facts } = size;
  const before: { layer: number; rank: number }[] = [];
  for (const layer of layers) {
    lookUpFootprint(on, size, { layer });
    before.push({ layer, rank: facts });
    on.setDeltas(before);
  }
  on.setDeltas([]);
  on.readMlpOut();
}

/** The search for z: every context's rows are kept, and evaluated one context after the other. */
function searchFootprint(on: Footprint, { edit, layers, facts, batch }: MemitSize): void {
  const layer = layers[layers.length - 1];
  const rows = Math.min(facts, batch ?? batchSize(on, layer));
  const { contexts, target } = edit;
  const columns = edit.rows.slice(0, contexts + 1).map((row, c) => {
    if (c < contexts) return { ...row, readout: 0 };
    return { ...row, tokens: row.lookup + 1, readout: rows }; // the essence ends at its lookup
  });
  const kept = columns.map(({ tokens, shared = 0, readout }): KeptSize => {
    const watch = readout > 0 ? [] : [{ site: "hidden" as const, layer }];
    const run = { rows, width: tokens, watch, keep: true as const, readout };
    return sharedRun(on, run, shared);
  });
  columns.forEach(({ tokens, lookup, readout }, c) => {
    const loss = readout > 0 ? { nll: 0, kl: rows } : { nll: rows * target, kl: 0 };
    evaluationFootprint(on, { layer, rows, width: tokens - lookup, base: kept[c], ...loss });
  });
  for (const { bytes } of kept) on.give(bytes);
}

/** The keys of a layer under every context, and the bare states that the facts have now. */
function lookUpFootprint(
  on: Footprint,
  { edit, layers, facts }: MemitSize,
  { layer }: { layer: number },
): void {
  const rows = Math.min(facts, FACTS_PER_RUN);
  const last = layers[layers.length - 1];
  for (const { lookup, shared = 0 } of edit.rows.slice(0, edit.contexts)) {
    const watch = [{ site: "key" as const, layer }];
    sharedRun(on, { rows, width: lookup + 1, watch, toLayer: layer }, shared);
  }
  const watch = [{ site: "hidden" as const, layer: last }];
  sharedRun(on, { rows, width: edit.rows[0].lookup + 1, watch, toLayer: last }, 0);
}

/** A run whose rows continue a prefix that they share, which is run once before. */
function sharedRun(
  on: Footprint,
  run: Parameters<typeof runFootprint>[1],
  shared: number,
): KeptSize {
  if (shared === 0 || run.rows === 1) return runFootprint(on, run);
  const { toLayer, keep = "keys" } = run;
  const first = { rows: 1, width: shared, keep, ...(toLayer !== undefined && { toLayer }) };
  const prefix = runFootprint(on, first);
  const kept = runFootprint(on, { ...run, prefix: { kept: prefix, token: shared } });
  on.give(prefix.bytes);
  return kept;
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
  momentsFootprint(on, { layers, ...pass, tokens, onGpu });
  return { samples };
}
