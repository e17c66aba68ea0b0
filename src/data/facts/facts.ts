import * as v from "valibot";
import { bounds } from "../outside/bounds.ts";
import { checkShape } from "../outside/checkShape.ts";
import { list, name, number, object, record, someList, someLongText } from "../outside/kinds.ts";
import { shown } from "../outside/shown.ts";
import { fillTemplate } from "./template.ts";

/** One fact to rewrite and the prompts that score the rewrite (METHODS 7.1). Targets have no leading space. */
export interface Case {
  id: string | number;
  /** A template with one {} for the subject. */
  prompt: string;
  subject: string;
  targetNew: string;
  targetTrue: string;
  /** Complete prompts that ask for the same fact. */
  paraphrases: string[];
  /** Complete prompts about other subjects, whose right answer is `targetTrue`. */
  neighbours: string[];
  /** Complete prompts that free text about the subject begins with. */
  generationPrompts: string[];
  /** What else is known of the subject, which an edit should leave alone (METHODS 12.3). */
  otherFacts?: OtherFact[] | undefined;
}

/** A complete prompt about a case's subject, and its own answer. */
export interface OtherFact {
  prompt: string;
  target: string;
}

/** One of the true facts that come with the page (public/facts.json). */
export interface Fact {
  id: string | number;
  relation: string;
  subject: string;
  /** A template with one {} for the subject. */
  prompt: string;
  /** More phrasings, with {} for the subject or complete. */
  paraphrases: string[];
  /** The true answer. */
  target: string;
  /** Plausible false ones. */
  newTargets: string[];
  /** Complete prompts about other subjects, with the same true answer. */
  neighbours: string[];
}

/** Texts that are prompts or answers: a model is asked with none of them empty. */
const texts = v.optional(list(someLongText, bounds.facts), []);
const template = v.pipe(
  someLongText,
  v.check((value) => value.split("{}").length === 2, "a text with one {} for the subject"),
);
const id = v.optional(v.nullable(v.union([name, number], "a text or a number")));
const target = object({ str: someLongText });
const otherFacts = v.optional(
  list(object({ prompt: someLongText, target: someLongText }), bounds.facts),
);

const counterFact = object({
  case_id: id,
  requested_rewrite: object({
    prompt: template,
    subject: someLongText,
    target_new: target,
    target_true: target,
  }),
  paraphrase_prompts: texts,
  neighborhood_prompts: texts,
  generation_prompts: texts,
  local_neutral_prompts: otherFacts,
});

const easyEdit = object({
  case_id: id,
  prompt: someLongText,
  subject: someLongText,
  target_new: someLongText,
  ground_truth: someLongText,
  rephrase_prompt: v.optional(someLongText),
  locality_prompt: v.optional(someLongText),
  local_neutral_prompts: otherFacts,
});

const ownFact = object({
  id,
  relation: someLongText,
  subject: someLongText,
  prompt: template,
  paraphrases: texts,
  target: someLongText,
  newTargets: someList(someLongText, bounds.facts),
  neighbours: texts,
  generationPrompts: texts,
});

type Fields = Record<string, unknown>;

/** What a reader of cases is told beside their JSON. */
interface CaseSource {
  /** Names the file in messages. */
  what?: string | undefined;
}

/**
 * Reads cases in any of three forms: the authors' CounterFact record (`requested_rewrite`, …), EasyEdit's compact record
 * (`ground_truth`, `rephrase_prompt`, …) and this project's public/facts.json (`subject`, `prompt`, `paraphrases`,
 * `target`, `newTargets`, `neighbours`).
 *
 * @param json a record, a list of records, or `{ "facts": [...] }`
 * @throws a sentence that names the file, the first bad record and what it lacks
 */
export const parseCases = (json: unknown, source: CaseSource = {}): Case[] =>
  eachRecord(json, { ...source, parse: parseCase });

/** Cases that could be read, and a sentence for each record that could not. */
export interface SomeCases {
  cases: Case[];
  refused: string[];
}

/**
 * Reads as many cases as can be read, for a study that goes on without the others (METHODS 12.1).
 *
 * @throws as {@link parseCases} does where there is no record, or none that can be read
 */
export function parseSomeCases(json: unknown, source: CaseSource = {}): SomeCases {
  const refused: string[] = [];
  const refuse = (sentence: string) => void refused.push(sentence);
  const cases = eachRecord(json, { ...source, parse: parseCase, refuse });
  if (cases.length === 0) throw new Error(refused[0]);
  return { cases, refused };
}

/**
 * Reads one record in any of the forms of {@link parseCases}.
 *
 * @param where names the record in messages
 * @param index is its id where it has none
 * @throws a sentence that names what it lacks
 */
export const readCase = (record: unknown, where: string, index: number): Case =>
  parseCase(record, where, index);

/**
 * Reads this project's public/facts.json as it is, for offering its facts.
 *
 * @throws as {@link parseCases} does
 */
export const parseFacts = (json: unknown, source: CaseSource = {}): Fact[] =>
  eachRecord(json, { ...source, parse: parseFact });

function eachRecord<T>(
  json: unknown,
  {
    what = "the file of cases",
    parse,
    refuse = fail,
  }: CaseSource & {
    parse: (record: unknown, where: string, index: number) => T;
    refuse?: (sentence: string) => void;
  },
): T[] {
  const found = isRecord(json) && Array.isArray(json.facts) ? json.facts : json;
  const records: unknown[] = Array.isArray(found) ? found : [found];
  if (records.length === 0) throw new Error(`${shown(what)} holds no records`);
  if (records.length > bounds.facts) {
    throw new Error(
      `${shown(what)} holds ${records.length} records (at most ${bounds.facts}); give a part of it`,
    );
  }
  return records.flatMap((record, index) => {
    try {
      return [parse(record, `${shown(what, 50)}, record ${index + 1}${idOf(record)}`, index)];
    } catch (error) {
      refuse((error as Error).message);
      return [];
    }
  });
}

function fail(sentence: string): never {
  throw new Error(sentence);
}

const isRecord = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const idOf = (record: unknown) =>
  isRecord(record) && record.case_id !== undefined ? ` (case_id ${shown(record.case_id, 20)})` : "";

function parseCase(given: unknown, where: string, index: number): Case {
  const found = checkShape(given, record, where);
  if ("requested_rewrite" in found) return fromCounterFact(found, where, index);
  if ("ground_truth" in found) return fromEasyEdit(found, where, index);
  if ("newTargets" in found) return fromFact(found, where, index);
  throw new Error(
    `${where} is of no known form: it has neither "requested_rewrite" (CounterFact) nor "ground_truth" (EasyEdit) nor "newTargets" (facts.json)`,
  );
}

function fromCounterFact(given: Fields, where: string, index: number): Case {
  const found = checkShape(given, counterFact, where);
  const { prompt, subject, target_new, target_true } = found.requested_rewrite;
  return {
    id: found.case_id ?? index,
    prompt,
    subject,
    targetNew: target_new.str.trim(),
    targetTrue: target_true.str.trim(),
    paraphrases: found.paraphrase_prompts,
    neighbours: found.neighborhood_prompts,
    generationPrompts: found.generation_prompts,
    otherFacts: trimmed(found.local_neutral_prompts),
  };
}

const trimmed = (others: OtherFact[] | undefined) =>
  others?.map(({ prompt, target }) => ({ prompt, target: target.trim() }));

/** EasyEdit gives the prompt complete, one paraphrase and one neighbour. */
function fromEasyEdit(given: Fields, where: string, index: number): Case {
  const found = checkShape(given, easyEdit, where);
  const { prompt, subject, rephrase_prompt: rephrased, locality_prompt: neighbour } = found;
  const parts = prompt.split(subject);
  if (parts.length !== 2) {
    const times = parts.length - 1;
    throw new Error(
      `${where} has its subject "${shown(subject, 40)}" ${times} times in the prompt "${shown(prompt)}", not once`,
    );
  }
  // In CounterFact a neighbour has the edited fact's true answer; in other sets it need not, and is no neighbour then.
  const isNeighbour = found.locality_ground_truth === found.ground_truth;
  return {
    id: found.case_id ?? index,
    prompt: parts.join("{}"),
    subject,
    targetNew: found.target_new.trim(),
    targetTrue: found.ground_truth.trim(),
    paraphrases: rephrased === undefined ? [] : [rephrased],
    neighbours: isNeighbour && neighbour !== undefined ? [neighbour] : [],
    generationPrompts: [],
    otherFacts: trimmed(found.local_neutral_prompts),
  };
}

/** The first of the new targets is the one to write. */
function fromFact(given: Fields, where: string, index: number): Case {
  const { target: targetTrue, newTargets, paraphrases, ...rest } = parseFact(given, where, index);
  const { subject } = rest;
  return {
    id: rest.id,
    prompt: rest.prompt,
    subject,
    targetTrue,
    targetNew: newTargets[0],
    paraphrases: paraphrases.map((prompt) => fillTemplate(prompt, subject)),
    neighbours: rest.neighbours,
    generationPrompts: checkShape(given, ownFact, where).generationPrompts,
  };
}

function parseFact(given: unknown, where: string, index: number): Fact {
  const { relation, subject, prompt, paraphrases, neighbours, ...found } = checkShape(
    given,
    ownFact,
    where,
  );
  return {
    id: found.id ?? index,
    relation,
    subject,
    prompt,
    paraphrases,
    target: found.target.trim(),
    newTargets: found.newTargets.map((word) => word.trim()),
    neighbours,
  };
}
