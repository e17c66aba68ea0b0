import type { Case } from "../../data/facts/facts.ts";
import type { Row } from "../../data/rows/rows.ts";
import { templateSpan } from "../../methods/prompt/subject.ts";
import { collectStatistics, type LayerStatistics } from "../../methods/statistics/statistics.ts";
import { statisticsSpectrum } from "../../methods/statistics/statisticsSpectrum.ts";
import { editGroup, scoreEach } from "../editEach.ts";
import type { Editing } from "../Editing.ts";
import { casesAndNeutral, groupNumber, groupsOf } from "../groupCases.ts";
import { scoreColumns } from "../scoreRow.ts";
import type { Study, StudyContext } from "../Study.ts";
import { samplesFields, type SamplesSettings } from "./samplesSettings.ts";
import {
  pointsTables,
  samplesFigure,
  type SamplesSummary,
  summariseSamples,
} from "./samplesSummary.ts";

/**
 * How many keys a covariance needs: many facts at once with C over more and more keys, collected from what the other
 * cases state.
 */
export const samples: Study<SamplesSettings, SamplesSummary> = {
  name: "samples",
  title: "Keys in the covariance",
  about:
    "Groups of facts written with covariances of few keys: the cost in efficacy, paraphrase and neighbourhood.",
  sketch: {
    kind: "lines",
    series: [
      [0.1, 0.6, 0.9, 0.95, 0.96],
      [0.05, 0.5, 0.7, 0.74, 0.75],
    ],
  },
  fields: samplesFields,
  defaults: { multiples: [1, 2, 3, 5, 10, 20, 50], count: 10, sample: 100, all: false },
  editors: "one",
  suits: ({ facts }) => facts === "many",
  select: (at) => casesAndNeutral(at, Math.max(at.settings.count, at.settings.sample)),

  // Its covariances are its own.
  tries: () => [],
  // Every case before and for each covariance, its groups where an edit could be made, and the covariance's own row.
  size({ settings: { multiples, count, sample }, chosen: { cases } }) {
    const groups = groupNumber(cases.length, { count, sample });
    return groups * count + multiples.length * (1 + groups * (count + 1));
  },
  work({ settings: { multiples, count, sample }, chosen: { cases } }, { dMlp }) {
    const groups = groupNumber(cases.length, { count, sample });
    const keys = multiples.reduce((sum, multiple) => sum + Math.round(multiple * dMlp), 0);
    return [
      { unit: "key", count: keys },
      { unit: "edit", facts: groups * count, groups: groups * multiples.length },
      { unit: "score", count: (1 + multiples.length) * groups * count },
    ];
  },

  async *rows(at) {
    const [editing] = at.editings;
    const mine = groupsOf(at, at.settings).filter(({ group }) => at.mine(group));
    const written = mine.flatMap(({ cases }) => cases);
    const missing = written.filter(({ place }) => at.wants(`before/${place}`));
    for await (const { place, fact, score } of scoreEach(at, missing)) {
      yield { key: `before/${place}`, case: fact.id, before: scoreColumns(score) };
    }
    const texts = statements(at);
    for (const multiple of at.settings.multiples) {
      const wanted = mine.some(({ group }) => at.wants(`${multiple}/${group}`));
      if (!wanted && !at.wants(`${multiple}`)) continue;
      const collected = await collect(at, editing, { multiple, texts });
      if (at.wants(`${multiple}`)) yield await pointRow(at, multiple, collected);
      yield* groupsRows(at, withStatistics(editing, collected), multiple);
    }
  },

  summarise: summariseSamples,
  tables: pointsTables,
  figures: (summary, { methods: [{ title }] }) => [samplesFigure(summary, title)],
};

/** True sentences of the cases that are not written: prompts, and neighbours with their answer. */
function statements({ all, chosen }: StudyContext<SamplesSettings>): string[] {
  const used = new Set(chosen.cases.map((place) => all[place].subject));
  return all
    .filter(({ subject }) => !used.has(subject))
    .flatMap(({ prompt, subject, targetTrue, neighbours }: Case) =>
      [templateSpan(prompt, subject).text, ...neighbours].map((text) => `${text} ${targetTrue}.`),
    );
}

function collect(
  { model, signal, onProgress }: StudyContext<SamplesSettings>,
  { editor, settings }: Editing,
  { multiple, texts }: { multiple: number; texts: string[] },
): Promise<LayerStatistics[]> {
  return collectStatistics(model, texts, {
    layers: editor.statistics(settings),
    source: "the cases' statements",
    tokens: Math.round(multiple * model.config.dMlp),
    signal,
    onProgress: ({ tokens, totalTokens }) =>
      onProgress?.(`${multiple} × dMlp keys: ${tokens} of ${totalTokens}`),
  });
}

const withStatistics = (editing: Editing, collected: LayerStatistics[]): Editing =>
  editing.with({}, (layer) => Promise.resolve(collected.find((found) => found.layer === layer)!));

/** The keys of a covariance, and how well they determine it. */
async function pointRow(
  { model }: StudyContext<SamplesSettings>,
  multiple: number,
  collected: LayerStatistics[],
): Promise<Row> {
  const conditions: number[] = [];
  for (const found of collected) {
    const { conditionNumber } = await statisticsSpectrum(found, { thorough: true, gpu: model.gpu });
    conditions.push(conditionNumber!);
  }
  const [{ count: keys }] = collected;
  const condition = Math.max(...conditions);
  return { key: `${multiple}`, keys, multiple: keys / model.config.dMlp, condition };
}

/** A row for every case of each group, and the group's own at the end, or why it was not written. */
async function* groupsRows(
  at: StudyContext<SamplesSettings>,
  editing: Editing,
  multiple: number,
): AsyncGenerator<Row> {
  for (const { group, cases } of groupsOf(at, at.settings)) {
    const key = `${multiple}/${group}`;
    if (!at.mine(group) || !at.wants(key)) continue;
    const missing = cases.filter(({ place }) => at.wants(`${key}/${place}`));
    let written = false;
    try {
      yield* editGroup(at, editing, { group: cases }, async function* ({ relativeNorm }) {
        written = true;
        for await (const { place, fact, score } of scoreEach(at, missing)) {
          yield { key: `${key}/${place}`, case: fact.id, after: scoreColumns(score) };
        }
        yield { key, relativeNorm };
      });
    } catch (error) {
      // A C of too few keys cannot be solved with: that is an answer too.
      if (written || at.signal?.aborted) throw error;
      yield { key, failure: (error as Error).message };
    }
  }
}
