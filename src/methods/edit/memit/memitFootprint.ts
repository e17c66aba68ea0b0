import { evaluationFootprint } from "../../../engine/footprint/footprintEvaluation.ts";
import type { Footprint, KeptSize } from "../../../engine/footprint/Footprint.ts";
import { generateFootprint, runFootprint } from "../../../engine/footprint/footprintRun.ts";
import type { EditJob } from "../Editor.ts";
import { type EditSize, editSize } from "../editSize.ts";
import { FACTS_PER_RUN } from "../meanKeys.ts";
import type { MemitHyperparameters } from "./MemitHyperparameters.ts";
import { PREFIX_TOKENS, STARTERS } from "./memitContexts.ts";
import { batchSize } from "./targetStates.ts";

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
  const first = { rows: 1, width: shared, keep, toLayer };
  const prefix = runFootprint(on, first);
  const kept = runFootprint(on, { ...run, prefix: { kept: prefix, token: shared } });
  on.give(prefix.bytes);
  return kept;
}

/** Planned facts by their sizes: the bare prompt, five sampled contexts, and the essence's. */
export function memitSize(job: EditJob<MemitHyperparameters>): MemitSize {
  const prefixes = STARTERS.map(() => PREFIX_TOKENS + 1); // its words, and a full stop
  const { facts, batch, settings } = job;
  return { edit: editSize(job, prefixes), layers: settings.layers, facts, batch, sampled: true };
}
