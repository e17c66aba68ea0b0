import { SIDE } from "../../kernels/covariance/SymmetricTiles.ts";
import type { Footprint } from "./Footprint.ts";
import { widestPass } from "../covariance/KeyCovariances.ts";
import type { BlockOutput } from "../transformer/Transformer.ts";

/** A pass of `KeyCovariances`, by its sizes. */
export interface CovariancePass {
  layers: readonly number[];
  rows: number;
  width: number;
  /** Without the padding, which is left out on a GPU. */
  tokens: number;
  onGpu: boolean;
}

/** What one pass of `KeyCovariances.add` takes into the ledger and gives back. */
export function covarianceFootprint(on: Footprint, size: CovariancePass): void {
  const { layers, tokens, onGpu } = size;
  const pass = { rows: size.rows, width: size.width };
  const last = Math.max(...layers);
  let { hidden } = on.embed(pass);
  for (let layer = 0; layer <= last; layer++) {
    const outputs: BlockOutput[] = [
      ...(layer < last ? ["hidden" as const] : []),
      ...(layers.includes(layer) ? ["key" as const] : []),
    ];
    const made = on.block({ layer, pass, outputs }) as Partial<Record<BlockOutput, number>>;
    on.give(hidden);
    hidden = made.hidden ?? 0;
    if (made.key === undefined) continue;
    const real = tokens < pass.rows * pass.width ? 4 * tokens * on.config.dMlp : 0;
    // The real keys, or the product of two columns of tiles.
    const beside = on.take(onGpu ? real : 4 * SIDE ** 2);
    on.give(made.key + beside);
  }
}

/**
 * The pass with the most tokens that texts of up to `longest` tokens can make: batches of `budget` tokens, cut so that no
 * tensor is wider than `KeyCovariances` allows.
 */
export function largestPass(
  { config }: Pick<Footprint, "config">,
  { longest, budget }: { longest: number; budget: number },
): { rows: number; width: number } {
  let best = { rows: 1, width: longest };
  for (let width = longest; width >= 1; width--) {
    const rows = Math.max(1, Math.min(Math.floor(budget / width), widestPass(config, width)));
    if (rows * width > best.rows * best.width) best = { rows, width };
  }
  return best;
}
