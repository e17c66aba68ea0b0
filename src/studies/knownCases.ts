import type { Case } from "../data/facts/facts.ts";
import type { Field } from "../data/settings/Field.ts";
import type { Model } from "../engine/Model.ts";
import type { Stoppable } from "../engine/runtime/Stoppable.ts";
import { templateSpan } from "../methods/prompt/subject.ts";
import { targetLikelihoods } from "../methods/score/targetLikelihoods.ts";
import type { FilterCount, Selection } from "./Selection.ts";
import type { SelectContext } from "./Study.ts";

/** The settings of every study that takes the first known cases. */
export interface CaseSettings {
  /** At most so many cases; none is all. */
  limit?: number | undefined;
  /** Take cases whether the model knows them or not. */
  all: boolean;
}

/** Whether cases need not be known. */
export const allField: Field<"all"> = {
  name: "all",
  label: "All cases",
  hint: "Also cases whose true answer is not what the model says",
  kind: { type: "flag" },
};

/** The fields of {@link CaseSettings}. */
export const caseFields: readonly Field<keyof CaseSettings>[] = [
  {
    name: "limit",
    label: "Limit",
    hint: "At most so many cases; empty for all",
    kind: { type: "number", min: 1, whole: true },
    main: true,
  },
  allField,
];

/** Questions that are asked in one call: enough for full batches, few enough to stop soon. */
const ASKED = 32;

/** Options of {@link knownCases}. */
export interface KnownOptions extends Stoppable {
  /** Cases that are enough. */
  limit?: number | undefined;
  onProgress?: ((sentence: string) => void) | undefined;
}

/**
 * Which cases the model knows: every token of the true target is its likeliest next one after the bare prompt, so that
 * its greedy answer begins with the target (METHODS 12.1). Ends where `limit` are found.
 *
 * @returns their places in the list; the count says how many were asked
 * @throws when it knows none of them, or a prompt or target is empty or too long
 */
export async function knownCases(
  model: Model,
  cases: readonly Case[],
  { limit = Infinity, signal, onProgress }: KnownOptions = {},
): Promise<{ known: number[]; filter: FilterCount }> {
  const known: number[] = [];
  let asked = 0;
  while (asked < cases.length && known.length < limit) {
    const some = cases.slice(asked, asked + ASKED);
    const answers = await isKnown(model, some, signal);
    for (const answer of answers) {
      if (known.length >= limit) break;
      if (answer) known.push(asked);
      asked++;
    }
    onProgress?.(`${known.length} known of ${asked} cases`);
  }
  if (known.length === 0) {
    throw new Error(`${model.config.name} knows none of the ${cases.length} cases`);
  }
  return { known, filter: { name: "known", in: asked, out: known.length } };
}

/** Whether the model's greedy answer to each case's prompt begins with its true target. */
export async function isKnown(
  model: Model,
  cases: readonly Pick<Case, "prompt" | "subject" | "targetTrue">[],
  signal?: AbortSignal,
): Promise<boolean[]> {
  const prompts = cases.map(({ prompt, subject }) => templateSpan(prompt, subject).text);
  const targets = cases.map(({ targetTrue }) => [targetTrue]);
  const likelihoods = await targetLikelihoods(model, prompts, targets, signal);
  return likelihoods.map(([{ greedy }]) => greedy.every(Boolean));
}

/** The first known cases of the file, or the first of all where that was asked for. */
export async function firstKnown({
  model,
  settings: { all, limit },
  all: cases,
  signal,
  onProgress,
}: SelectContext<CaseSettings>): Promise<Selection> {
  if (all) return { cases: [...cases.keys()].slice(0, limit), filters: [] };
  const { known, filter } = await knownCases(model, cases, { limit, signal, onProgress });
  return { cases: known, filters: [filter] };
}
