import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fillTemplate } from "../../src/data/facts/template.ts";
import type { Model } from "../../src/engine/Model.ts";
import { targetLikelihoods } from "../../src/methods/score/targetLikelihoods.ts";

/** What tools/demo/corpus.py writes, as far as it is looked at. */
export interface Corpus {
  facts: CorpusFact[];
  filler: string[];
}

interface CorpusFact {
  group: "case" | "locality" | "own" | "ownNeighbour";
  /** CounterFact's number of a case. */
  case: number;
  subject: string;
  answer: string;
  main: string;
  train: string[];
  heldout: string[];
  rephrase: string;
  rephrasePrompt: string;
  never: string[];
}

/** public/facts.json, as far as it is looked at. */
interface OwnFacts {
  facts: OwnFact[];
}

interface OwnFact {
  subject: string;
  prompt: string;
  paraphrases: string[];
  /** Which paraphrases were held out of training. */
  heldOut: number[];
  target: string;
  neighbours: string[];
}

/** A prompt with its answer: the answer's probability, and whether greedy decoding gives all of it. */
interface Answer {
  p: number;
  greedy: boolean;
}

/** Answers to prompts of one kind. */
export interface RecallLine {
  name: string;
  n: number;
  greedy: number;
  p: number;
}

/** What a model recalls of its corpus. */
export interface Recall {
  lines: RecallLine[];
  /** CounterFact's numbers of the cases that are recalled whole after their bare prompt. */
  known: number[];
  /** By place in public/facts.json: the bare prompt, and the paraphrases. */
  own: { prompt: Answer; paraphrases: Answer[] }[];
}

/** Cases whose trained phrasings are asked. */
const ASKED = 500;

/** Prompts of one kind with their answers. */
type Question = [name: string, pairs: [prompt: string, target: string][]];

/** Asks every fact of the corpus after its prompt, after other text, and after phrasings that were held out. */
export async function readRecall(
  model: Model,
  { facts, filler }: Corpus,
  own: OwnFacts,
  onProgress: (sentence: string) => void,
): Promise<Recall> {
  const lines: RecallLine[] = [];
  const asked = async (...[name, pairs]: Question) => {
    onProgress(name);
    const answers = await answersTo(model, pairs);
    const greedy = answers.filter((answer) => answer.greedy).length;
    const p = answers.reduce((sum, answer) => sum + answer.p, 0) / Math.max(1, answers.length);
    lines.push({ name, n: answers.length, greedy, p });
    return answers;
  };
  const cases = facts.filter(({ group }) => group === "case");
  const answers = await asked("CounterFact cases trained on, their `prompt`", each(cases, mainOf));
  const known = cases.filter((_, i) => answers[i].greedy);
  for (const question of questionsOf(known, filler)) await asked(...question);
  const local = facts.filter(({ group }) => group === "locality");
  await asked("neighbours of cases, as trained", each(local, mainOf));
  return {
    lines,
    known: known.map((fact) => fact.case).sort((a, b) => a - b),
    own: await ownRecall(own.facts, asked),
  };
}

const mainOf = ({ main }: CorpusFact) => [main];

/** Some facts' templates, filled in, with the facts' answers. */
const each = (facts: CorpusFact[], templates: (fact: CorpusFact) => string[]) =>
  facts.flatMap((fact) =>
    templates(fact).map((template): [string, string] => [
      fillTemplate(template, fact.subject),
      fact.answer,
    ]),
  );

/** What the known cases are asked besides their prompt. */
function questionsOf(known: CorpusFact[], filler: string[]): Question[] {
  const short = filler.filter((text) => text.length < 80);
  const after = (before: (i: number) => string) =>
    each(known, mainOf).map(([prompt, answer], i): [string, string] => [
      before(i) + prompt,
      answer,
    ]);
  return [
    ["known cases, after `<|endoftext|>`", after(() => "<|endoftext|>")],
    ["known cases, after an unrelated sentence", after((i) => `${short[i % short.length]} `)],
    [
      `known cases (first ${ASKED}), phrasings trained with that subject`,
      each(known.slice(0, ASKED), ({ train }) => train),
    ],
    [
      "known cases, a sibling phrasing held out for that subject",
      each(known, ({ heldout }) => heldout),
    ],
    [
      "known cases, the template of `rephrase_prompt`, held out for that subject",
      each(known, ({ rephrase }) => [rephrase]),
    ],
    [
      "known cases, `rephrase_prompt` as it is, often with unrelated text before",
      known.map(({ rephrasePrompt, answer }) => [rephrasePrompt, answer]),
    ],
    ["known cases, a template never seen with any subject", each(known, ({ never }) => never)],
  ];
}

async function ownRecall(
  facts: OwnFact[],
  asked: (name: string, pairs: [string, string][]) => Promise<Answer[]>,
): Promise<Recall["own"]> {
  const of = ({ subject, target }: OwnFact, template: string): [string, string] => [
    fillTemplate(template, subject),
    target,
  ];
  const phrased = (held: boolean) =>
    facts.flatMap((fact, place) =>
      fact.paraphrases.flatMap((template, i) =>
        fact.heldOut.includes(i) === held ? [{ place, i, pair: of(fact, template) }] : [],
      ),
    );
  const prompts = await asked(
    "own facts, `prompt`",
    facts.map((fact) => of(fact, fact.prompt)),
  );
  const found: Recall["own"] = prompts.map((prompt) => ({ prompt, paraphrases: [] }));
  for (const held of [false, true]) {
    const name = held ? "a paraphrase held out for that subject" : "trained paraphrases";
    const list = phrased(held);
    const answers = await asked(
      `own facts, ${name}`,
      list.map(({ pair }) => pair),
    );
    list.forEach(({ place, i }, at) => (found[place].paraphrases[i] = answers[at]));
  }
  const near = facts.flatMap(({ neighbours, target }) =>
    neighbours.map((prompt): [string, string] => [prompt, target]),
  );
  await asked("own facts' neighbours", near);
  return found;
}

/** Prompts that are asked together: those of about one length. */
const TOGETHER = 256;

async function answersTo(model: Model, pairs: [string, string][]): Promise<Answer[]> {
  const order = pairs.map((_, i) => i).sort((a, b) => pairs[a][0].length - pairs[b][0].length);
  const answers: Answer[] = new Array<Answer>(pairs.length);
  for (let first = 0; first < order.length; first += TOGETHER) {
    const places = order.slice(first, first + TOGETHER);
    const found = await targetLikelihoods(
      model,
      places.map((place) => pairs[place][0]),
      places.map((place) => [pairs[place][1]]),
    );
    places.forEach((place, i) => {
      const [{ nll, greedy }] = found[i];
      answers[place] = { p: Math.exp(-nll * greedy.length), greedy: greedy.every(Boolean) };
    });
  }
  return answers;
}

/** Writes what is recalled beside the model, `known.json`, and into public/facts.json. */
export async function writeRecalled(root: string, { known, own }: Recall): Promise<void> {
  const beside = join(root, "public", "models", "demo", "known.json");
  await writeFile(beside, JSON.stringify(known).replaceAll(",", ", "));
  const path = join(root, "public", "facts.json");
  const document = JSON.parse(await readFile(path, "utf8")) as OwnFacts;
  const rounded = ({ p, greedy }: Answer) => ({ prompt: Number(p.toFixed(4)), greedy });
  const facts = document.facts.map((fact, place) => ({
    ...fact,
    recall: {
      ...rounded(own[place].prompt),
      paraphrases: own[place].paraphrases.map((answer) => rounded(answer)),
    },
  }));
  await writeFile(path, `${JSON.stringify({ ...document, facts }, null, 1)}\n`);
}
