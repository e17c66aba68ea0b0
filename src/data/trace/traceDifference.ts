import type { Trace, TraceStart } from "./Trace.ts";
import type { TraceKind } from "./TraceRequest.ts";

/** What is subtracted: the probability with a state restored, or the indirect effect, which is that minus the corrupted one. */
export type Subtracted = "effect" | "probability";

/** A trace minus another, row by row. */
export interface TraceDifference {
  kind: TraceKind;
  /** Tokens where both traces are of the same ones, else their roles. */
  rows: string[];
  byRole: boolean;
  /** The subject's rows [begin, end). */
  subjectRange: [number, number];
  layers: number;
  /** [row, layer]; NaN where either has none. */
  scores: Float32Array;
  /** The largest of them, without their sign: the end of a scale that is the same on both sides of 0. */
  most: number;
}

type Traced = Pick<
  Trace,
  "kind" | "spellings" | "tokenIds" | "subjectRange" | "layers" | "scores" | "lowScore"
>;

/** The rows of an average trace, as in the paper: where a token stands to the subject. */
export const roles = [
  "first subject token",
  "middle subject tokens",
  "last subject token",
  "first token after",
  "further tokens",
  "last token",
] as const;

/** The role of each token, as a place in {@link roles}; undefined before the subject, where the paper has no row. */
export function rolesOf(
  tokens: number,
  [begin, end]: TraceStart["subjectRange"],
): (number | undefined)[] {
  return Array.from({ length: tokens }, (_, token) => {
    if (token < begin) return undefined;
    if (token === end - 1) return 2;
    if (token < end) return token === begin ? 0 : 1;
    if (token === tokens - 1) return 5;
    return token === end ? 3 : 4;
  });
}

/**
 * A minus B. Traces of the same tokens are subtracted token by token; those of others by the roles of their tokens, each
 * the mean over its tokens.
 *
 * @throws a sentence for traces of different kinds, or of models with different numbers of layers
 */
export function traceDifference(
  a: Traced,
  b: Traced,
  what: Subtracted = "effect",
): TraceDifference {
  if (a.kind !== b.kind) {
    throw new Error(`a trace of ${a.kind} and one of ${b.kind} have nothing to subtract`);
  }
  const { layers } = a;
  if (layers !== b.layers) {
    throw new Error(
      `one model has ${layers} layers and the other ${b.layers}; choose traces of models with as many`,
    );
  }
  const same =
    a.tokenIds.join() === b.tokenIds.join() && a.subjectRange.join() === b.subjectRange.join();
  const [left, right] = same
    ? [a, b].map((one) => valuesOf(one, what))
    : [a, b].map((one) => byRole(one, what));
  const kept = same
    ? a.spellings.map((_, row) => row)
    : roles.map((_, role) => role).filter((role) => isThere(left, right, { role, layers }));
  const scores = new Float32Array(kept.length * layers);
  kept.forEach((row, i) => {
    for (let layer = 0; layer < layers; layer++)
      scores[i * layers + layer] = left[row * layers + layer] - right[row * layers + layer];
  });
  return {
    kind: a.kind,
    rows: kept.map((row) => (same ? a.spellings[row] : roles[row])),
    byRole: !same,
    subjectRange: same ? a.subjectRange : [0, kept.filter((role) => role < 3).length],
    layers,
    scores,
    most: scores.reduce((most, x) => (Math.abs(x) > most ? Math.abs(x) : most), 0),
  };
}

const valuesOf = ({ scores, lowScore }: Traced, what: Subtracted): Float32Array =>
  what === "probability" ? scores : scores.map((score) => score - lowScore);

/** [role, layer]: means over the tokens of each role; NaN where there are none. */
function byRole(trace: Traced, what: Subtracted): Float32Array {
  const { layers } = trace;
  const values = valuesOf(trace, what);
  const sums = new Float64Array(roles.length * layers);
  const counts = new Float64Array(roles.length * layers);
  rolesOf(trace.tokenIds.length, trace.subjectRange).forEach((role, token) => {
    if (role === undefined) return;
    for (let layer = 0; layer < layers; layer++) {
      const value = values[token * layers + layer];
      if (Number.isNaN(value)) continue;
      sums[role * layers + layer] += value;
      counts[role * layers + layer]++;
    }
  });
  return Float32Array.from(sums, (sum, i) => sum / counts[i]);
}

const isThere = (
  a: Float32Array,
  b: Float32Array,
  { role, layers }: { role: number; layers: number },
): boolean =>
  Array.from({ length: layers }, (_, layer) => role * layers + layer).some(
    (i) => !Number.isNaN(a[i]) && !Number.isNaN(b[i]),
  );
