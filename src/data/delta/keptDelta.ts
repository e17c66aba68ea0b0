import { checkChange } from "./checkDelta.ts";
import { shown } from "../outside/shown.ts";
import type { Change, Delta, WeightDelta } from "./delta.ts";
import { checkProvenance } from "./provenance.ts";

/**
 * A delta as a browser kept it, checked anew: one written by another version would else be drawn and applied unseen.
 * The first version kept `layers`, each with its factors.
 *
 * @param what names what is kept in messages
 * @throws one sentence: it is no delta, its provenance is incomplete, or a change does not hold its numbers
 */
export function keptDelta(value: unknown, what = "the kept edit"): Delta {
  const { provenance, weights, layers } = (value ?? {}) as Record<string, unknown>;
  const entries: unknown = weights ?? layers;
  if (!Array.isArray(entries) || entries.length === 0) {
    throw new Error(`${what} is damaged: it names no weights`);
  }
  const changes = entries.map((entry: unknown) => keptEntry(entry, what));
  const names = new Set(changes.map(({ weight }) => weight));
  if (names.size < changes.length) {
    throw new Error(`${what} is damaged: it names a weight twice`);
  }
  return { provenance: checkProvenance(provenance, what), weights: changes };
}

function keptEntry(value: unknown, what: string): WeightDelta {
  const { weight, change = value, norm } = (value ?? {}) as Record<string, unknown>;
  if (typeof weight !== "string") throw new Error(`${what} is damaged: an entry names no weight`);
  const entry: WeightDelta = { weight, change: keptChange(weight, change, what) };
  checkChange(entry, what);
  if (typeof norm === "number" && Number.isFinite(norm)) entry.norm = norm;
  return entry;
}

function keptChange(weight: string, value: unknown, what: string): Change {
  const { rank, u, v, shape, dense } = (value ?? {}) as Record<string, unknown>;
  if (typeof rank === "number" && u instanceof Float32Array && v instanceof Float32Array) {
    return { rank, u, v };
  }
  if (Array.isArray(shape) && dense instanceof Float32Array) {
    return { shape: shape.map(Number), dense };
  }
  throw new Error(`${what} is damaged: the change of ${shown(weight)} holds no numbers`);
}
