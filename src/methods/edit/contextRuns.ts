import type { Kept } from "../../engine/transformer/Kept.ts";
import type { Model, Run } from "../../engine/Model.ts";
import { noiseInterventions, type RowNoise } from "./subjectNoise.ts";

/** Rows of tokens of one context, a row per fact, and where each looks its fact up. */
export interface ContextRows {
  tokens: number[][];
  lookups: number[];
  /** Per row, the noise on its subject. */
  noise?: readonly RowNoise[] | undefined;
}

/** What a run of one context found. */
export interface ContextRun {
  kept?: Kept | undefined;
  /** Per watched site and fact, the vector at the lookup. */
  watched: Float64Array[][];
  readout: Float32Array;
}

/**
 * Runs the rows of one context, whose prefix, the same for all facts, is computed once (METHODS 5.2, 5.3).
 *
 * The shared prefix ends before the first lookup and before any noise, so that it holds nothing that an edit at a lookup would change.
 */
export async function runContext(
  model: Model,
  { tokens, lookups, noise = [] }: ContextRows,
  request: Omit<Run, "tokens" | "prefix" | "interventions">,
): Promise<ContextRun> {
  const shared =
    tokens.length > 1
      ? sharedLength(tokens, Math.min(...lookups, ...noise.map(({ begin }) => begin)))
      : 0;
  const prefix = shared > 0 ? await keepPrefix(model, tokens[0].slice(0, shared), request) : null;
  try {
    const { watched, readout, kept } = await model.run({
      ...request,
      tokens,
      interventions: noiseInterventions(noise, tokens, model.config.dModel),
      prefix: prefix ? { kept: prefix, rows: tokens.map(() => 0), token: shared } : undefined,
    });
    const width = Math.max(...tokens.map((row) => row.length)) - shared;
    const at = lookups.map((token, row) => row * width + token - shared);
    return {
      watched: watched.map((x) => vectorsAt(x, at, tokens.length * width)),
      readout,
      kept,
    };
  } finally {
    prefix?.dispose();
  }
}

/** How many first tokens all rows share, at most `limit`. */
export function sharedLength(tokens: readonly (readonly number[])[], limit: number): number {
  const [first] = tokens;
  let length = 0;
  while (length < limit && tokens.every((row) => row[length] === first[length])) length++;
  return length;
}

async function keepPrefix(
  model: Model,
  tokens: number[],
  { keep, toLayer, signal }: Omit<Run, "tokens">,
): Promise<Kept> {
  const { kept } = await model.run({
    tokens: [tokens],
    keep: keep === true ? true : "keys",
    toLayer,
    signal,
  });
  return kept!;
}

/** The vectors at flattened positions of [positions, width]. */
function vectorsAt(values: Float32Array, at: number[], positions: number): Float64Array[] {
  const width = values.length / positions;
  return at.map((position) =>
    Float64Array.from(values.subarray(position * width, (position + 1) * width)),
  );
}
