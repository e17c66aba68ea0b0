import { fillTemplate } from "../facts/template.ts";
import type { RunContext } from "./RunContext.ts";

/** What a warning is taken from; what is not known is not warned of. */
export interface Doubtful {
  /** As the model reads it, the subject in its place. */
  prompt?: string | undefined;
  /** The largest ‖ΔW‖/‖W‖. */
  relativeNorm?: number | undefined;
  /** Layers whose C the edit read; empty where C = I. */
  statistics?: readonly number[] | undefined;
}

/** A change as large as the matrix itself is no small correction of it any more. */
const NORM = 1;

/** Where a result is known to mislead, and what to do: a sentence each. */
export function runWarnings({ prompt, relativeNorm, statistics }: Doubtful): string[] {
  const sentences: string[] = [];
  if (prompt !== undefined && /\s$/.test(prompt))
    sentences.push(
      "The prompt ends in a space, which is a token of its own here: the model answers something else than after the words alone. Take the space away.",
    );
  if (relativeNorm !== undefined && relativeNorm > NORM)
    sentences.push(
      `The change is ${Number(relativeNorm.toPrecision(2))} times as large as the matrix that it changes (‖ΔW‖/‖W‖): the model’s other text is probably damaged. Take settings nearer to the preset.`,
    );
  if (statistics?.length === 0)
    sentences.push(
      "No covariance statistics were read (C = I): other subjects may be changed more than with them.",
    );
  return sentences;
}

/** The prompt that a run is about, the subject in its place. */
export const promptOf = ({ fact }: Pick<RunContext, "fact">): string | undefined =>
  fact && fillTemplate(fact.prompt, fact.subject);
