import { evaluationFootprint } from "../../../engine/footprint/footprintEvaluation.ts";
import type { Footprint } from "../../../engine/footprint/Footprint.ts";
import { generateFootprint, runFootprint } from "../../../engine/footprint/footprintRun.ts";
import type { EditJob } from "../Editor.ts";
import { type EditSize, editSize } from "../editSize.ts";
import type { RomeHyperparameters } from "./RomeHyperparameters.ts";

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

/** A planned edit by its sizes: a row a sampled context. */
export function romeSize(job: EditJob<RomeHyperparameters>): RomeSize {
  const { layer, contextLengths } = job.settings;
  const prefixes = contextLengths.flatMap(([length, count]) => Array<number>(count).fill(length));
  return { edit: editSize(job, prefixes), layer, contextLengths };
}
