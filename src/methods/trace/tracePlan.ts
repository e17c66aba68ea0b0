import type { Model } from "../../engine/Model.ts";
import { promptIds } from "../prompt/promptIds.ts";
import { subjectRange, subjectSpan } from "../prompt/subject.ts";
import { targetIds } from "../prompt/targetIds.ts";
import type { TraceRequest } from "../../data/trace/TraceRequest.ts";

/** A trace request made concrete: what the model reads, and where. */
export interface TracePlan {
  /** The prompt's tokens and the target's but the last. */
  input: number[];
  promptLength: number;
  /** Empty until the clean run has said what the model answers. */
  answerIds: number[];
  /** Tokens [begin, end). */
  subject: [number, number];
  /** The tokens whose values are put back, ascending. */
  restored: number[];
}

/**
 * Tokenises a request and checks it.
 *
 * @throws one sentence for a prompt, subject, target or option that cannot be traced
 */
export function planTrace(model: Model, request: TraceRequest): TracePlan {
  checkCount("samples", request.samples);
  checkCount("window", request.window);
  if (request.draw !== undefined) checkCount("draw", request.draw);
  const span = subjectSpan(request.prompt, request.subject, request.occurrence);
  const { target } = request;
  const answerIds = target === undefined ? [] : targetIds(model.tokenizer, target);
  const ids = promptIds(model, span.text, Math.max(0, answerIds.length - 1));
  return {
    input: [...ids, ...answerIds.slice(0, -1)],
    promptLength: ids.length,
    answerIds,
    subject: subjectRange(model.tokenizer, span, ids),
    restored: restoredTokens(ids.length, request.tokens),
  };
}

function restoredTokens(length: number, tokens = Array.from({ length }, (_, t) => t)): number[] {
  const outside = tokens.find((t) => !(Number.isInteger(t) && t >= 0 && t < length));
  if (outside !== undefined) {
    throw new Error(`invalid token: ${outside} (this prompt has 0–${length - 1})`);
  }
  return [...new Set(tokens)].sort((a, b) => a - b);
}

function checkCount(name: "samples" | "window" | "draw", count: number): void {
  if (!(Number.isInteger(count) && count > 0)) {
    throw new Error(`invalid ${name}: ${count} (an integer from 1)`);
  }
}
