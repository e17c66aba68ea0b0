import type { Row } from "../../data/rows/rows.ts";
import type { EditEvent } from "../../methods/edit/Editor.ts";
import { editorOf } from "../../methods/edit/editors.ts";
import { perplexity } from "../../methods/score/perplexity.ts";
import { editGroup, scoreEach } from "../editEach.ts";
import type { Editing } from "../Editing.ts";
import {
  type CaseGroup,
  casesAndNeutral,
  groupNumber,
  groupsOf,
  neutralTexts,
} from "../groupCases.ts";
import { scoreColumns } from "../scoreRow.ts";
import type { Work } from "../plan/Work.ts";
import type { Study, StudyContext } from "../Study.ts";
import { massFields, type MassSettings } from "./massSettings.ts";
import { massFigures, type MassSummary, massTable, summariseMass } from "./massSummary.ts";

/**
 * The first cases written in groups of each count, every case of a group scored on the model that has the whole group
 * (METHODS 7.3, 7.6), with the perplexity of neutral text.
 */
export const mass: Study<MassSettings, MassSummary> = {
  name: "mass",
  title: "Many facts at once",
  about:
    "Cases that the model knows written in groups of several sizes, by one method or several, and scored.",
  sketch: {
    kind: "lines",
    series: [
      [0.98, 0.97, 0.93, 0.7],
      [0.95, 0.8, 0.3, 0.05],
    ],
  },
  fields: massFields,
  defaults: { counts: [1, 10, 100, 1000], sample: 200, all: false },
  editors: "several",
  suits: ({ facts }) => facts === "many",

  async select(at) {
    const { counts, sample } = at.settings;
    const most = Math.max(...counts);
    const selection = await casesAndNeutral(at, Math.max(sample, most));
    const { length } = selection.cases;
    if (length < most) throw new Error(`there are ${length} cases; ${most} at once need as many`);
    return selection;
  },

  // The neutral text, every case that is written before, and after in each of its groups, and the groups' own.
  size({ settings: { counts, sample }, chosen, methods }) {
    const { length } = chosen.cases;
    const groups = counts.map((count) => ({ count, of: groupNumber(length, { count, sample }) }));
    const written = Math.max(...groups.map(({ count, of }) => count * of));
    const each = groups.reduce((sum, { count, of }) => sum + of * (count + 1), 0);
    return 1 + written + methods.length * each;
  },

  work({ settings: { counts, sample }, chosen, methods }) {
    const { length } = chosen.cases;
    const groups = counts.map((count) => ({ count, of: groupNumber(length, { count, sample }) }));
    const written = groups.map(({ count, of }) => count * of);
    const all = written.reduce((sum, some) => sum + some, 0);
    const of = groups.reduce((sum, group) => sum + group.of, 0);
    return [
      // What is found for a fact is kept, but where each fact is found on top of those before.
      ...methods.map(({ name }, method): Work => {
        const many = editorOf(name).facts === "many";
        return { unit: "edit", facts: many ? Math.max(...written) : all, groups: of, method };
      }),
      { unit: "score", count: Math.max(...written) + methods.length * all },
      { unit: "text", count: (1 + methods.length * of) * (chosen.others?.neutral?.length ?? 0) },
    ];
  },

  async *rows(at) {
    yield* beforeRows(at);
    for (const editing of at.editings) {
      // The largest first: what is found for a fact there is found for the smaller ones too.
      for (const count of [...at.settings.counts].sort((a, b) => b - a)) {
        for (const group of myGroups(at, count)) {
          const key = `${editing.editor.name}/${count}/${group.group}`;
          if (at.wants(key)) yield* groupRows(at, editing, { key, group });
        }
      }
    }
  },

  summarise: summariseMass,
  tables: (summary) => [massTable(summary)],
  figures: massFigures,
};

const myGroups = (at: StudyContext<MassSettings>, count: number): CaseGroup[] =>
  groupsOf(at, { count, sample: at.settings.sample }).filter(({ group }) => at.mine(group));

/** The base model: the neutral text, and every case that this shard will write. */
async function* beforeRows(at: StudyContext<MassSettings>): AsyncGenerator<Row> {
  const { model, signal, wants } = at;
  if (wants("before")) {
    yield { key: "before", perplexity: await perplexity(model, neutralTexts(at), signal) };
  }
  const groups = at.settings.counts.flatMap((count) => myGroups(at, count));
  const cases = new Map(groups.flatMap(({ cases }) => cases).map((one) => [one.place, one]));
  const missing = [...cases.values()].filter(({ place }) => wants(`before/${place}`));
  for await (const { place, fact, score } of scoreEach(at, missing)) {
    yield { key: `before/${place}`, case: fact.id, before: scoreColumns(score) };
  }
}

/** A row for every case of a group, and the group's own at the end. */
async function* groupRows(
  at: StudyContext<MassSettings>,
  editing: Editing,
  { key, group }: { key: string; group: CaseGroup },
): AsyncGenerator<Row> {
  const { cases } = group;
  const missing = cases.filter(({ place }) => at.wants(`${key}/${place}`));
  // Where facts are written one after the other, the largest of their own norms counts.
  const norms: number[] = [];
  const onEvent = (event: EditEvent) => {
    if (event.type === "edited") norms.push(event.relativeNorm);
  };
  yield* editGroup(at, editing, { group: cases, onEvent }, async function* (edit) {
    for await (const { place, fact, score } of scoreEach(at, missing)) {
      at.onProgress?.(`${key}: case ${fact.id}`);
      yield { key: `${key}/${place}`, case: fact.id, after: scoreColumns(score) };
    }
    const neutral = await perplexity(at.model, neutralTexts(at), at.signal);
    const relativeNorm = norms.length > 0 ? Math.max(...norms) : edit.relativeNorm;
    yield { key, facts: cases.length, relativeNorm, perplexity: neutral };
  });
}
