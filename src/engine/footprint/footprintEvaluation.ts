import type { Footprint, KeptSize } from "./Footprint.ts";
import { recordedParts } from "../transformer/recordedParts.ts";

/** A continuation and the loss that is evaluated on it, by their sizes. */
export interface EvaluationSize {
  /** The layer whose output is changed. */
  layer: number;
  rows: number;
  /** Positions from the changed one on, of the longest row. */
  width: number;
  base: KeptSize;
  /** Terms of the loss: target tokens, and distributions that are kept. */
  nll: number;
  kl: number;
  /** As the continuation has it. */
  mostSaved?: number;
}

/** What `Continuation.evaluate` takes and gives back: all layers above forward, then backward, part after part of the rows. */
export function evaluationFootprint(on: Footprint, at: EvaluationSize): void {
  const { rows, width, base, layer, mostSaved } = at;
  const size = { rows, width, past: base, layers: on.config.layers - 1 - layer };
  const parts = recordedParts(on, on.provider, size, mostSaved);
  for (const [begin, end] of parts) {
    // The terms of the loss are taken to be spread over the rows evenly.
    const share = (terms: number) => Math.ceil((terms * (end - begin)) / rows);
    partFootprint(on, { ...at, rows: end - begin, nll: share(at.nll), kl: share(at.kl) });
  }
}

function partFootprint(on: Footprint, at: EvaluationSize): void {
  const pass = { rows: at.rows, width: at.width, past: at.base };
  let hidden = on.take(on.state(pass));
  const recorded: { saved: number; input: number }[] = [];
  for (let layer = at.layer + 1; layer < on.config.layers; layer++) {
    const made = on.record({ layer, pass });
    recorded.push({ saved: made.saved, input: hidden });
    hidden = made.hidden;
  }
  let cotangent = on.loss(pass, at);
  on.give(hidden);
  for (const { saved, input } of recorded.reverse()) {
    const x = on.take(on.state(pass));
    on.give(saved + cotangent + input);
    cotangent = x;
  }
  on.give(cotangent);
}
