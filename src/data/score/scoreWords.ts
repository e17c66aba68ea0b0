import { together } from "../together.ts";

/** The scores that S is made of (METHODS 7.3), and the prompts that each is of. */
const parts = [
  { name: "ES", prompts: "rewrite prompt" },
  { name: "PS", prompts: "paraphrases" },
  { name: "NS", prompts: "neighbours" },
] as const;

/** ES, PS and NS of a case or a table; NaN of those that there are no prompts for. */
export type ScoreParts = Record<(typeof parts)[number]["name"], number>;

/** `harmonic mean of ES, PS and NS`, or of those that there are prompts for; `ES alone` where that is one. */
export function scoreOf(scores: ScoreParts): string {
  const names = parts.map(({ name }) => name).filter((name) => !Number.isNaN(scores[name]));
  if (names.length === 0) return "of nothing";
  return names.length === 1 ? `${names[0]} alone` : `harmonic mean of ${together(names)}`;
}

/** What S is made of, in sentences: what is left out of it and why, too. */
export function scoreMeans(scores: ScoreParts): string {
  const missing = parts.filter(({ name }) => Number.isNaN(scores[name]));
  const made = `S: ${scoreOf(scores)}.`;
  if (missing.length === 0) return made;
  const prompts = together(missing.map(({ prompts }) => prompts)).replace(" and ", " and no ");
  const names = together(missing.map(({ name }) => name));
  return `${made} There are no ${prompts}, so ${names} ${missing.length > 1 ? "are" : "is"} left out.`;
}
