import type { Field } from "../settings/Field.ts";
import { labelInSentence } from "../settings/labelInSentence.ts";
import type { RunContext, RunEdit, RunFact } from "./RunContext.ts";

/** What of a run is held against what is asked now; what one of both does not say is not compared. */
export type Compared = {
  [Key in "model" | "edits" | "fact" | "settings" | "seed"]?: RunContext[Key] | undefined;
};

/**
 * In what a finished run differs from what would run now, as words for a sentence: "the subject", "the window". None where
 * it is the same run.
 *
 * @param fields by whose labels settings are called
 */
export function runDifferences(
  done: Compared,
  now: Compared,
  fields: readonly Pick<Field, "name" | "label">[] = [],
): string[] {
  return [
    ...modelDifferences(done, now),
    ...(done.edits && now.edits && editsOf(done.edits) !== editsOf(now.edits) ? ["the edits"] : []),
    ...factDifferences(done.fact, now.fact),
    ...settingDifferences(done.settings, now.settings, fields),
    ...(done.seed !== undefined && now.seed !== undefined && done.seed !== now.seed
      ? ["the seed"]
      : []),
  ];
}

function modelDifferences({ model: done }: Compared, { model: now }: Compared): string[] {
  if (!done || !now) return [];
  if (done.stamp !== now.stamp) return ["the model"];
  return done.precision === now.precision ? [] : ["the model’s precision"];
}

/** Edits as what they do to the model: none of strength 0, and whatever they are called. */
const editsOf = (edits: readonly RunEdit[]): string =>
  edits
    .filter(({ strength }) => strength !== 0)
    .map(({ digest, strength }) => `${digest}×${strength}`)
    .sort()
    .join(" ");

const factWords: [keyof RunFact, string][] = [
  ["subject", "the subject"],
  ["answer", "the answer followed"],
  ["target", "the new target"],
  ["truth", "the true answer"],
  ["truthOf", "the true answer"],
  ["paraphrases", "the paraphrases"],
  ["neighbours", "the neighbours"],
];

function factDifferences(done: RunFact | undefined, now: RunFact | undefined): string[] {
  if (!done || !now) return [];
  const whole = ({ prompt, subject }: RunFact) => prompt.replace("{}", () => subject);
  const words = whole(done) === whole(now) ? [] : ["the prompt"];
  // The same words with another stretch of them marked.
  const mark = ({ prompt, subject }: RunFact) => `${prompt.indexOf("{}")} ${subject}`;
  if (!words.length && mark(done) !== mark(now)) words.push("the subject");
  for (const [key, word] of factWords)
    if (!words.includes(word) && !same(done[key], now[key])) words.push(word);
  return words;
}

function settingDifferences(
  done: RunContext["settings"] | undefined,
  now: RunContext["settings"] | undefined,
  fields: readonly Pick<Field, "name" | "label">[],
): string[] {
  if (!done || !now) return [];
  const wordOf = (key: string) => {
    const label = fields.find(({ name }) => name === key)?.label;
    return label === undefined ? (settingWords[key] ?? key) : labelInSentence(label);
  };
  return Object.keys(now)
    .filter((key) => key in done && !same(done[key], now[key]))
    .map((key) => `the ${wordOf(key)}`);
}

/** Settings that are no fields of a form. */
const settingWords: Partial<Record<string, string>> = {
  editor: "method",
  ownContexts: "own contexts",
  replace: "replacing of the subject",
  kinds: "kinds of trace",
  facts: "number of facts",
};

/** Whether two values are the same JSON; a field that is absent is as one that is empty. */
const same = (a: unknown, b: unknown): boolean =>
  JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
