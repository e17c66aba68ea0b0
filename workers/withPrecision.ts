import type { Delta } from "../src/data/delta/delta.ts";
import type { Precision } from "../src/engine/checkpoint/precision.ts";

/** A delta that says on what weights it was made, where they were not float32. */
export function withPrecision(delta: Delta, { precision }: { precision: Precision }): Delta {
  if (precision === "f32") return delta;
  return { ...delta, provenance: { ...delta.provenance, precision } };
}
