import {
  type Branch,
  canMatter,
  chunks,
  type Entering,
  groupByToken,
} from "../transformer/branch.ts";
import type { Footprint, KeptSize } from "./Footprint.ts";
import type { BlockSite } from "../graphs/BlockScope.ts";

/** What `branch` takes and gives back, read at these tokens. */
export function branchFootprint(
  on: Footprint,
  base: KeptSize,
  { branches, readout }: { branches: readonly Branch[]; readout: readonly number[] },
): void {
  on.readout(base.rows * readout.length, true);
  const at = {
    readout: readout.map((token) => ({ token, target: 0 })),
    last: Math.max(...readout),
  };
  for (const [token, group] of groupByToken(branches)) {
    const changed = group.filter((entry) => canMatter(on, entry, at));
    for (const chunk of chunks(on, changed, { base, token })) {
      const read = readout.filter((position) => position >= token).length;
      sweepFootprint(on, base, { token, chunk, read });
    }
  }
}

interface SweepSize {
  token: number;
  chunk: readonly Entering[];
  /** Positions of a row that are read at the end. */
  read: number;
}

/** Branches of one first position going up through the layers, each from its own on. */
function sweepFootprint(on: Footprint, base: KeptSize, { token, chunk, read }: SweepSize): void {
  const width = base.width - token;
  let hidden = 0;
  for (let layer = chunk[0].layer; layer < on.config.layers; layer++) {
    const active = chunk.filter((entry) => entry.layer < layer);
    const entering = chunk.filter((entry) => entry.layer === layer);
    const pass = { rows: active.length * base.rows, width, past: base };
    const patch = patched(active, layer);
    const continued = active.length > 0 ? on.block({ layer, pass, patch }).hidden : 0;
    const entered = entering.length > 0 ? enterFootprint(on, base, { layer, token, entering }) : 0;
    on.give(hidden);
    hidden = continued + entered;
    if (continued > 0 && entered > 0) {
      on.take(hidden); // both batches as one
      on.give(hidden);
    }
  }
  on.readout(chunk.length * base.rows * read, true);
  on.give(hidden);
}

/** The states above the first layer that differs; they are left. */
function enterFootprint(
  on: Footprint,
  base: KeptSize,
  at: { layer: number; token: number; entering: readonly Entering[] },
): number {
  const { layer, token, entering } = at;
  const rows = entering.length * base.rows;
  const all = { rows, width: base.width - token };
  const states = on.take(on.state(all));
  const here = entering.flatMap(({ interventions }) =>
    interventions.filter((i) => i.layer === layer),
  );
  if (here.every(({ site, mode }) => site === "hidden" && mode === "replace")) {
    const values = on.take(4 * Math.max(...here.map((i) => i.values.length)));
    on.give(values);
    return states;
  }
  const width = here.every((i) => i.token === token) ? 1 : all.width;
  const input = on.take(on.state({ rows, width }));
  const pass = { rows, width, past: base };
  const { hidden } = on.block({ layer, pass, patch: patched(entering, layer) });
  on.give(input + hidden);
  return states;
}

const patched = (entries: readonly Entering[], layer: number): BlockSite[] => [
  ...new Set(
    entries.flatMap(({ interventions }) =>
      interventions.flatMap((i) => (i.layer === layer ? [i.site] : [])),
    ),
  ),
];
