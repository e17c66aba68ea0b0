import type { Case } from "../data/facts/facts.ts";
import { templateSpan } from "../methods/prompt/subject.ts";
import { knownCases } from "./knownCases.ts";
import type { Selection } from "./Selection.ts";
import type { PlacedCase, SelectContext, StudyContext } from "./Study.ts";

/** How many true statements of cases that are not written make the neutral text. */
const NEUTRAL = 100;

/**
 * Cases to write together, each prompt and subject once, and as many as a hundred `neutral` ones that no edit is about;
 * of few cases, half of them at most.
 *
 * @param needed how many are written
 */
export async function casesAndNeutral(
  { model, all: cases, settings, signal, onProgress }: SelectContext<{ all: boolean }>,
  needed: number,
): Promise<Selection> {
  const places = [
    ...new Map(cases.map(({ prompt, subject }, i) => [`${prompt}|${subject}`, i])).entries(),
  ].map(([, place]) => place);
  const filters = [{ name: "each fact once", in: cases.length, out: places.length }];
  const wanted = needed + NEUTRAL;
  let chosen = places.slice(0, wanted);
  if (!settings.all) {
    const single = places.map((place) => cases[place]);
    const how = { limit: wanted, signal, onProgress };
    const { known, filter } = await knownCases(model, single, how);
    filters.push(filter);
    chosen = known.map((i) => places[i]);
  }
  const kept = Math.min(needed, chosen.length - Math.min(NEUTRAL, Math.floor(chosen.length / 2)));
  return { cases: chosen.slice(0, kept), others: { neutral: chosen.slice(kept) }, filters };
}

/** What the neutral cases say. */
export const neutralTexts = ({ chosen, all }: Pick<StudyContext<object>, "chosen" | "all">) =>
  (chosen.others?.neutral ?? []).map((place) => statementOf(all[place]));

/** A case's prompt with its true answer, as a sentence. */
export const statementOf = ({ prompt, subject, targetTrue }: Case): string =>
  `${templateSpan(prompt, subject).text} ${targetTrue}.`;

/** A group of cases and its place among those of its size. */
export interface CaseGroup {
  group: number;
  cases: PlacedCase[];
}

/** Groups of `count` of the chosen cases: as many as hold `sample` of them, at least one. */
export function groupsOf(
  { chosen, all }: Pick<StudyContext<object>, "chosen" | "all">,
  { count, sample }: { count: number; sample: number },
): CaseGroup[] {
  const placed = chosen.cases.map((place) => ({ place, fact: all[place] }));
  const number = groupNumber(placed.length, { count, sample });
  return Array.from({ length: number }, (_, group) => ({
    group,
    cases: placed.slice(group * count, (group + 1) * count),
  }));
}

/** How many groups of `count` cases are written. */
export const groupNumber = (
  cases: number,
  { count, sample }: { count: number; sample: number },
): number => Math.max(1, Math.floor(Math.min(sample, cases) / count));
