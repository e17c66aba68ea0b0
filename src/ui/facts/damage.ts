import type { FinishedEdit } from "../../../workers/protocol/protocol.ts";
import { percent, short } from "../parts/numbers.ts";

/** A change as large as the matrix itself is no small correction of it any more. */
const NORM = 1;
/** A perplexity that has so much more than doubled is seen in the text. */
const TIMES = 2;
/** Below so much of what was written, the model does not say it. */
const SAID = 0.75;

/** What a reader should know before trusting a model with many facts written into it: a sentence each. */
export function damage({ edit, perplexity, answers, written }: FinishedEdit): string[] {
  const sentences: string[] = [];
  const norm = Math.max(...edit.weights.map((weight) => weight.norm).filter(Number.isFinite));
  if (norm > NORM)
    sentences.push(
      `The change is ${short(norm)} times as large as the matrix that it changes (‖ΔW‖/‖W‖), far beyond what published edits make: fewer facts at once, or a larger λ, change less.`,
    );
  const times = perplexity ? perplexity.after / perplexity.before : 1;
  if (!(times <= TIMES))
    sentences.push(
      `The perplexity of neutral text is ${Number.isFinite(times) ? `${short(times)} times` : "beyond all measure of"} what it was: the model’s other text is damaged.`,
    );
  const said = written.filter((i) => answers?.after[i].greedy).length / written.length;
  if (answers && written.length > 1 && said < SAID)
    sentences.push(
      `Only ${percent(said)} of the facts that were written are said after their prompts: so many do not fit into these layers, or the search ended too early.`,
    );
  return sentences;
}
