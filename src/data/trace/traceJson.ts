import * as v from "valibot";
import { bounds } from "../outside/bounds.ts";
import { checkShape } from "../outside/checkShape.ts";
import { flag, list, longText, number, object, text, whole } from "../outside/kinds.ts";
import { shown } from "../outside/shown.ts";
import type { Trace } from "./Trace.ts";

/** A trace as JSON holds it: scores as rows [token][layer], null where a token was not traced. */
export interface PlainTrace extends Omit<Trace, "scores"> {
  scores: (number | null)[][];
}

const range = v.tuple([whole(), whole()], "two whole numbers");
const plain = object({
  kind: v.picklist(["state", "mlp", "attn"], "state, mlp or attn"),
  window: whole(1),
  tokens: list(text, bounds.ids),
  spellings: list(text, bounds.ids),
  tokenIds: list(whole(), bounds.ids),
  subjectRange: range,
  answer: longText,
  answerIds: list(whole(), bounds.ids),
  highScore: number,
  lowScore: number,
  scores: list(list(v.nullable(number), bounds.layers), bounds.ids),
  noiseLevel: number,
  layers: whole(1, bounds.layers),
  correctPrediction: flag,
  blockTokens: whole(),
});

/** A trace as JSON will hold it. */
export function plainTrace(found: Trace): PlainTrace {
  return { ...found, scores: found.tokens.map((_, token) => rowOf(found, token)) };
}

/** The scores of one token, layer by layer; null where it was not traced. */
function rowOf({ scores, layers }: Trace, token: number): (number | null)[] {
  const row = scores.subarray(token * layers, (token + 1) * layers);
  return Array.from(row, (score) => (Number.isNaN(score) ? null : score));
}

/**
 * A trace that {@link plainTrace} wrote; what else stands beside it is left out.
 *
 * @param what names the file in messages
 * @throws one sentence that names what is missing, of another kind, or of another size than the rest
 */
export function readTrace(value: unknown, what: string): Trace {
  const found = checkShape(value, plain, what);
  const { tokens, layers, subjectRange } = found;
  const sizes = [found.spellings, found.tokenIds, found.scores].map(({ length }) => length);
  const crooked = found.scores.find((row) => row.length !== layers);
  if (sizes.some((size) => size !== tokens.length) || crooked || subjectRange[1] > tokens.length) {
    throw new Error(
      `${shown(what, 100)} is damaged: its scores do not fill ${tokens.length} tokens and ${layers} layers`,
    );
  }
  return {
    kind: found.kind,
    window: found.window,
    tokens,
    spellings: found.spellings,
    tokenIds: found.tokenIds,
    subjectRange,
    answer: found.answer,
    answerIds: found.answerIds,
    highScore: found.highScore,
    lowScore: found.lowScore,
    scores: Float32Array.from(found.scores.flat(), (score) => score ?? NaN),
    noiseLevel: found.noiseLevel,
    layers,
    correctPrediction: found.correctPrediction,
    blockTokens: found.blockTokens,
  };
}
