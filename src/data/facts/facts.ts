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

type Fields = Record<string, unknown>;

/**
 * Reads cases in any of three forms: the authors' CounterFact record (`requested_rewrite`, …), EasyEdit's compact record
 * (`ground_truth`, `rephrase_prompt`, …) and this project's public/facts.json (`subject`, `prompt`, `paraphrases`,
 * `target`, `newTargets`, `neighbours`).
 *
 * @param json a record, a list of records, or `{ "facts": [...] }`
 * @throws a sentence that names the first bad record and what it lacks
 */
export function parseCases(json: unknown): Case[] {
  return eachRecord(json, parseCase);
}

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
export function parseSomeCases(json: unknown): SomeCases {
  const refused: string[] = [];
  const cases = eachRecord(json, parseCase, (sentence) => refused.push(sentence));
  if (cases.length === 0) throw new Error(refused[0]);
  return { cases, refused };
}

/**
 * Reads this project's public/facts.json as it is, for offering its facts.
 *
 * @throws as {@link parseCases} does
 */
export function parseFacts(json: unknown): Fact[] {
  return eachRecord(json, (record, index) => {
    if (!isRecord(record)) throw new Error("is not an object");
    return parseFact(record, index);
  });
}

function eachRecord<T>(
  json: unknown,
  parse: (record: unknown, index: number) => T,
  refuse: (sentence: string) => void = fail,
): T[] {
  const list = isRecord(json) && Array.isArray(json.facts) ? json.facts : json;
  const records: unknown[] = Array.isArray(list) ? list : [list];
  if (records.length === 0) throw new Error("the file of cases holds no records");
  return records.flatMap((record, index) => {
    try {
      return [parse(record, index)];
    } catch (error) {
      refuse(`record ${index}${idOf(record)} ${(error as Error).message}`);
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
  isRecord(record) && record.case_id !== undefined
    ? ` (case_id ${JSON.stringify(record.case_id)})`
    : "";

function parseCase(record: unknown, index: number): Case {
  if (!isRecord(record)) throw new Error("is not an object");
  if ("requested_rewrite" in record) return fromCounterFact(record, index);
  if ("ground_truth" in record) return fromEasyEdit(record, index);
  if ("newTargets" in record) return fromFact(record, index);
  throw new Error(
    'is of no known form: it has neither "requested_rewrite" (CounterFact) nor "ground_truth" (EasyEdit) nor "newTargets" (facts.json)',
  );
}

function fromCounterFact(record: Fields, index: number): Case {
  const rewrite = record.requested_rewrite;
  if (!isRecord(rewrite)) throw new Error('has a "requested_rewrite" that is not an object');
  return {
    id: id(record.case_id, index),
    prompt: template(rewrite, "prompt"),
    subject: text(rewrite, "subject"),
    targetNew: target(rewrite, "target_new"),
    targetTrue: target(rewrite, "target_true"),
    paraphrases: texts(record, "paraphrase_prompts"),
    neighbours: texts(record, "neighborhood_prompts"),
    generationPrompts: texts(record, "generation_prompts"),
  };
}

/** EasyEdit gives the prompt complete, one paraphrase and one neighbour. */
function fromEasyEdit(record: Fields, index: number): Case {
  const subject = text(record, "subject");
  const prompt = text(record, "prompt");
  const parts = prompt.split(subject);
  if (parts.length !== 2) {
    const times = parts.length - 1;
    throw new Error(
      `has its subject "${subject}" ${times} times in the prompt "${prompt}", not once`,
    );
  }
  const targetTrue = text(record, "ground_truth").trim();
  // In CounterFact a neighbour has the edited fact's true answer; in other sets it need not, and is no neighbour then.
  const isNeighbour = record.locality_ground_truth === record.ground_truth;
  return {
    id: id(record.case_id, index),
    prompt: parts.join("{}"),
    subject,
    targetNew: text(record, "target_new").trim(),
    targetTrue,
    paraphrases: optional(record, "rephrase_prompt"),
    neighbours: isNeighbour ? optional(record, "locality_prompt") : [],
    generationPrompts: [],
  };
}

/** The first of the new targets is the one to write. */
function fromFact(record: Fields, index: number): Case {
  const { target: targetTrue, newTargets, paraphrases, ...rest } = parseFact(record, index);
  const { subject } = rest;
  return {
    id: rest.id,
    prompt: rest.prompt,
    subject,
    targetTrue,
    targetNew: newTargets[0],
    paraphrases: paraphrases.map((prompt) => fillTemplate(prompt, subject)),
    neighbours: rest.neighbours,
    generationPrompts: texts(record, "generationPrompts"),
  };
}

function parseFact(record: Fields, index: number): Fact {
  const newTargets = texts(record, "newTargets").map((word) => word.trim());
  if (newTargets.length === 0) throw new Error('has no target in "newTargets"');
  return {
    id: id(record.id, index),
    relation: text(record, "relation"),
    subject: text(record, "subject"),
    prompt: template(record, "prompt"),
    paraphrases: texts(record, "paraphrases"),
    target: text(record, "target").trim(),
    newTargets,
    neighbours: texts(record, "neighbours"),
  };
}

const id = (value: unknown, index: number) =>
  typeof value === "string" || typeof value === "number" ? value : index;

function text(record: Fields, key: string): string {
  const value = record[key];
  if (typeof value !== "string" || value.trim() === "") {
    throw new Error(`has no text in "${key}"`);
  }
  return value;
}

function optional(record: Fields, key: string): string[] {
  return record[key] === undefined ? [] : [text(record, key)];
}

/** A list that may be absent, but whose members must be texts. */
function texts(record: Fields, key: string): string[] {
  const value = record[key] ?? [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
    throw new Error(`has a "${key}" that is not a list of texts`);
  }
  return value;
}

function template(record: Fields, key: string): string {
  const value = text(record, key);
  if (value.split("{}").length !== 2) {
    throw new Error(`needs exactly one {} for the subject in its "${key}": "${value}"`);
  }
  return value;
}

function target(record: Fields, key: string): string {
  const value = record[key];
  if (!isRecord(value)) throw new Error(`has no "${key}"`);
  return text(value, "str").trim();
}
