import { bounds } from "../../data/outside/bounds.ts";
import { parseJson } from "../../data/outside/readJson.ts";
import { type Case, parseCases } from "../../data/facts/facts.ts";
import { parseTexts } from "../../data/facts/texts.ts";
import type { Row } from "../../data/rows/rows.ts";
import { type Precision, precisions } from "../../engine/checkpoint/precision.ts";
import type { Model } from "../../engine/Model.ts";
import { templateSpan } from "../../methods/prompt/subject.ts";
import { pythonShuffle } from "../../methods/random/pythonRandom.ts";
import { divergence } from "../../methods/score/divergence.ts";
import { sigma } from "../../methods/trace/sigma.ts";
import { trace } from "../../methods/trace/trace.ts";
import { editEach } from "../editEach.ts";
import { statementOf } from "../groupCases.ts";
import { isKnown, knownCases } from "../knownCases.ts";
import { scoreColumns } from "../scoreRow.ts";
import type { Selection } from "../Selection.ts";
import type { StudyAbout } from "../StudyAbout.ts";
import type { SelectContext, Study, StudyContext } from "../Study.ts";
import { precisionFields, type PrecisionSettings } from "./precisionSettings.ts";
import {
  precisionFigures,
  precisionTable,
  type PrecisionSummary,
  summarisePrecisions,
} from "./precisionSummary.ts";

type At = StudyContext<PrecisionSettings>;

/**
 * What fewer bits a weight cost: next-token distributions, facts recalled, state traces, and a method's edits, each held
 * against float32.
 */
export const precision: Study<PrecisionSettings, PrecisionSummary> = {
  name: "precision",
  title: "Fewer bits",
  about:
    "What f16, q8 and q4 weights change: KL to f32, facts recalled, state traces, edits, bytes.",
  sketch: {
    kind: "bars",
    series: [
      [1, 0.98, 0.8],
      [0.97, 0.95, 0.72],
    ],
  },
  fields: precisionFields,
  defaults: { precisions: [...precisions], count: 1000, traces: 50, limit: 100 },
  editors: "one",
  inputs: [
    { name: "sentences", hint: "a line each; by default what the facts state" },
    { name: "facts", hint: "more facts to recall", builtIn: "facts.json" },
  ],
  precision: "f32",
  select,
  size,
  work: (about) => {
    const { precisions } = about.settings;
    const { facts, sentences, traces, edits } = amounts(about);
    return [
      { unit: "ask", count: facts * (1 + precisions.length) },
      { unit: "trace", count: traces * (1 + precisions.length) },
      // Each sentence is read by both models.
      { unit: "text", count: 2 * sentences * precisions.length },
      { unit: "edit", facts: edits * precisions.length, groups: edits * precisions.length },
      { unit: "score", count: edits * precisions.length },
    ];
  },

  rows: work,

  summarise: summarisePrecisions,
  tables: (summary, about) => [precisionTable(summary, about)],
  figures: precisionFigures,
};

const FACTS = "the facts that come with the page";
const LARGE = { bytes: bounds.cases, values: bounds.caseValues };

/** The facts that are recalled, in one order for all: those of the page and those of the cases, shuffled. */
function factsOf({ inputs, all, seed }: SelectContext<PrecisionSettings>): Case[] {
  const own = inputs.facts
    ? parseCases(parseJson(inputs.facts, FACTS, LARGE), { what: FACTS })
    : [];
  return shuffled([...own, ...all], seed);
}

const shuffled = <T>(list: T[], seed: number): T[] =>
  pythonShuffle(list.length, seed).map((i) => list[i]);

/** How many facts and sentences there are, and how many of these are taken. */
function allOf(at: SelectContext<PrecisionSettings>, facts: readonly Case[]) {
  const sentences = sentencesOf(at, facts);
  const some = Math.min(sentences.length, at.settings.count);
  return [
    { name: ALL.facts, in: facts.length, out: facts.length },
    { name: ALL.sentences, in: sentences.length, out: some },
  ];
}

const sentencesOf = (
  { inputs, seed }: Pick<SelectContext<PrecisionSettings>, "inputs" | "seed">,
  facts: readonly Case[],
): string[] =>
  inputs.sentences
    ? shuffled(parseTexts(inputs.sentences, { what: "the sentences" }), seed)
    : facts.map(statementOf);

/** The known cases that are edited, and the recalled facts that are traced, by their places among the facts. */
async function select(at: SelectContext<PrecisionSettings>): Promise<Selection> {
  const { model, settings, all, signal, onProgress, onNotice } = at;
  const facts = factsOf(at);
  const traced = await knownCases(model, facts, { limit: settings.traces, signal, onProgress });
  const selection = {
    cases: [],
    others: { traced: traced.known },
    filters: [...allOf(at, facts), { ...traced.filter, name: "recalled" }],
  };
  const lack = await at.editings[0].lacks();
  if (lack !== undefined) {
    onNotice?.(`no fact is edited: ${lack}`);
    return selection;
  }
  const edited = await knownCases(model, all, { limit: settings.limit, signal, onProgress });
  return { ...selection, cases: edited.known, filters: [...selection.filters, edited.filter] };
}

/** How many facts, sentences, traces and edits there are, as the filters and the choice of cases tell. */
function amounts({ filters, chosen }: StudyAbout<PrecisionSettings>) {
  const out = (name: string) => filters.find((filter) => filter.name === name)?.out ?? 0;
  return {
    facts: out(ALL.facts),
    sentences: out(ALL.sentences),
    traces: chosen.others?.traced?.length ?? 0,
    edits: chosen.cases.length,
  };
}

/** What the filters call all that is asked for and read. */
const ALL = { facts: "facts to recall", sentences: "sentences to read" } as const;

/** Facts and traces of float32, and of every precision beside its own row and those of sentences and edits. */
function size(about: StudyAbout<PrecisionSettings>): number {
  const { facts, sentences, traces, edits } = amounts(about);
  const chunks = Math.ceil(sentences / TOGETHER.sentences);
  const each = facts + traces;
  return each + about.settings.precisions.length * (1 + chunks + each + edits);
}

/** A part of the work on one precision: the rows of one key each, made together. */
interface Part {
  keys: string[];
  make(model: Model): AsyncGenerator<Row | readonly Row[]>;
}

/** Sentences, and facts, that make one call or row. */
const TOGETHER = { sentences: 64, facts: 512 };

async function* work(at: At): AsyncGenerator<Row | readonly Row[]> {
  const facts = factsOf(at);
  const reference = [factPart(at, facts, "reference"), await tracePart(at, facts, "reference")];
  for (const part of reference) yield* part.make(at.model);
  for (const name of at.settings.precisions) {
    const parts = [
      distancePart(at, facts, name),
      factPart(at, facts, name),
      await tracePart(at, facts, name),
      editPart(at, name),
    ];
    if (!parts.some(({ keys }) => keys.some(at.wants)) && !at.wants(name)) continue;
    at.onProgress?.(`${name}: loading`);
    const model = await at.open(name);
    try {
      yield { key: name, bytes: model.ledger.bytes };
      for (const part of parts) yield* part.make(model);
    } finally {
      await model.dispose();
    }
  }
}

/** The distance from float32 over some sentences a row. */
function distancePart(at: At, facts: readonly Case[], name: Precision): Part {
  const { settings, signal } = at;
  const some = sentencesOf(at, facts).slice(0, settings.count);
  const chunks = Array.from({ length: Math.ceil(some.length / TOGETHER.sentences) }, (_, i) => i);
  const missing = chunks.filter((i) => at.mine(i) && at.wants(`${name}/sentences/${i}`));
  return {
    keys: missing.map((i) => `${name}/sentences/${i}`),
    async *make(model) {
      for (const i of missing) {
        at.onProgress?.(`${name}: distributions, ${i + 1} of ${chunks.length}`);
        const { sentences } = TOGETHER;
        const texts = some.slice(i * sentences, (i + 1) * sentences);
        const distance = await divergence(at.model, model, texts, signal);
        yield { key: `${name}/sentences/${i}`, sentences: texts.length, ...distance };
      }
    },
  };
}

/** Whether each fact is recalled. */
function factPart(at: At, facts: readonly Case[], name: string): Part {
  const keyOf = (place: number) => `${name}/fact/${place}`;
  const missing = [...facts.keys()].filter((place) => at.mine(place) && at.wants(keyOf(place)));
  return {
    keys: missing.map(keyOf),
    async *make(model) {
      for (let begin = 0; begin < missing.length; begin += TOGETHER.facts) {
        at.onProgress?.(`${name}: facts, ${begin} of ${missing.length}`);
        const some = missing.slice(begin, begin + TOGETHER.facts);
        const answers = await isKnown(
          model,
          some.map((place) => facts[place]),
          at.signal,
        );
        yield some.map((place, i) => ({ key: keyOf(place), recalled: answers[i] }));
      }
    },
  };
}

/** The scores [token, layer] of a state trace of each fact that is traced. */
async function tracePart(at: At, facts: readonly Case[], name: string): Promise<Part> {
  const traced = at.chosen.others?.traced ?? [];
  const keyOf = (place: number) => `${name}/trace/${place}`;
  const missing = traced.filter((place, i) => at.mine(i) && at.wants(keyOf(place)));
  const subjects = [...new Set(traced.map((place) => facts[place].subject))];
  // Of float32, and of all facts that are traced, in whatever shard.
  const unit = missing.length > 0 ? await sigma(at.model, subjects) : 0;
  return {
    keys: missing.map(keyOf),
    async *make(model) {
      for (const place of missing) {
        at.onProgress?.(`${name}: traces`);
        const { prompt, subject, targetTrue: target } = facts[place];
        const fact = { prompt: templateSpan(prompt, subject).text, subject, target, occurrence: 0 };
        const noise = { kind: "sigma", factor: 3 } as const;
        const how = {
          kind: "state",
          window: 1,
          noise,
          samples: 10,
          replace: false,
          seed: 1,
        } as const;
        const found = await trace(model, { ...fact, ...how }, { sigma: unit, signal: at.signal });
        yield { key: keyOf(place), scores: [...found.scores] };
      }
    },
  };
}

/** Each known case edited alone. */
function editPart(at: At, name: Precision): Part {
  const keyOf = (place: number) => `${name}/edit/${place}`;
  const missing = at.cases.filter(({ place }) => at.wants(keyOf(place)));
  return {
    keys: missing.map(({ place }) => keyOf(place)),
    async *make(model) {
      at.onProgress?.(`${name}: edits`);
      const editing = at.editings[0].on(model);
      for await (const { place, fact, score } of editEach({ ...at, model }, editing, missing)) {
        yield { key: keyOf(place), case: fact.id, after: scoreColumns(score) };
      }
    },
  };
}
