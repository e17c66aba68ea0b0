/**
 * Where a run can be watched, patched and differentiated (METHODS 1.5): `embed` is wte's output,
 * `hidden` the block's output h^l, `attn` and `mlp` the modules' outputs a^l and m^l, and `key` the
 * input of the MLP output matrix.
 */
export type Site = "embed" | "hidden" | "attn" | "mlp" | "key";

/** A site of one layer; the layer of `embed` is ignored. */
export interface SiteAt {
  site: Site;
  layer: number;
}

/** What to put at a site, as data: the engine applies it, methods describe it. */
export interface Intervention extends SiteAt {
  /** Batch rows; all of them where absent. */
  rows?: readonly number[];
  /** Positions in the row. */
  tokens: readonly number[];
  mode: "add" | "replace";
  /** [rows, tokens, width], or [width] for all of them. */
  values: Float32Array;
}

/** Throws unless the model has this layer. */
export function checkLayer(layer: number, layers: number): void {
  if (!Number.isInteger(layer) || layer < 0 || layer >= layers) {
    throw new Error(`invalid layer: ${layer} (this model has 0–${layers - 1})`);
  }
}
