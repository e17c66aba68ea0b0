import type { Case } from "../../src/data/facts/facts.ts";
import { studyCommand } from "../../src/data/run/studyCommand.ts";
import { version } from "../../src/data/run/version.ts";
import type { Row } from "../../src/data/rows/rows.ts";
import type { FieldValue } from "../../src/data/settings/Field.ts";
import { fieldText } from "../../src/data/settings/fieldText.ts";
import { fieldValue } from "../../src/data/settings/fieldValue.ts";
import type { ModelConfig } from "../../src/engine/architecture/config.ts";
import type { Model } from "../../src/engine/Model.ts";
import { editorOf, editors } from "../../src/methods/edit/editors.ts";
import type { EditingChoice } from "../../src/studies/Editing.ts";
import type { Study } from "../../src/studies/Study.ts";
import type { FileAbout, StudyAbout, StudyOrder } from "../../src/studies/StudyAbout.ts";
import { type StudyRegistry, studyOf } from "../../src/studies/studies.ts";
import { studyResults } from "../../src/studies/summariseStudy.ts";
import { cellText } from "../../src/studies/Table.ts";
import type { NewStudy, StudyHead, StudyOffer, StudyView } from "../protocol/studyProtocol.ts";

/** What a study's form is made from. */
export function offerOf(study: Study): StudyOffer {
  const { name, title, about, fields, defaults, precision } = study;
  const values = defaults as Record<string, FieldValue | undefined>;
  const suits = (one: EditingChoice["editor"]) => study.suits?.(one) ?? true;
  const fit = [...editors.filter(suits), ...editors.filter((one) => !suits(one))];
  const methods = study.editors ? fit.map((one) => [one.name, one.title] as const) : [];
  return {
    name,
    title,
    about,
    fields,
    precision,
    presets: Object.fromEntries(
      fields.map((field) => {
        const value = values[field.name];
        return [field.name, value === undefined ? "" : fieldText(field, value)];
      }),
    ),
    editors: study.editors,
    methods,
    chosen: methods.slice(0, 1).map(([method]) => method),
  };
}

/**
 * What a study is set to where some of it is typed; a field that is emptied and may be is absent.
 *
 * @throws one sentence that names the field, the text and what would do
 */
export function settingsOf(study: Study, typed: NewStudy["settings"], layers: number): object {
  const { presets } = offerOf(study);
  const entries = study.fields.flatMap((field): [string, FieldValue][] => {
    const text = typed[field.name] ?? presets[field.name];
    if (text.trim() === "" && presets[field.name] === "" && field.kind.type !== "text") return [];
    return [[field.name, fieldValue(field, text, { layers })]];
  });
  return Object.fromEntries(entries);
}

/** The methods that were chosen, with the presets of a model. */
export const choicesOf = (names: readonly string[], config: ModelConfig): EditingChoice[] =>
  names.map((name) => {
    const editor = editorOf(name);
    return { editor, settings: editor.preset(config).settings };
  });

/** What a new study's rows will be of. */
export function orderOf(
  study: Study,
  order: NewStudy,
  at: {
    model: Model;
    device: string;
    cases: FileAbout & { count: number };
    inputs: Record<string, FileAbout>;
  },
): StudyOrder<object> {
  const { model, device, cases, inputs } = at;
  const choices = choicesOf(study.editors ? order.methods : [], model.config);
  return {
    study: study.name,
    model: model.config.name,
    revision: model.config.revision,
    stamp: model.stamp,
    precision: model.precision,
    app: `palimpsest ${version}`,
    date: new Date().toISOString(),
    device,
    settings: settingsOf(study, order.settings, model.config.layers),
    methods: choices.map(({ editor: { name, title }, settings }) => ({
      name,
      title,
      settings: { ...settings },
    })),
    statistics: "the page's",
    contexts: undefined,
    seed: order.seed,
    cases,
    inputs,
  };
}

/** A kept study as a list shows it. */
export function headOf(
  id: string,
  { about, rows }: { about: StudyAbout; rows: readonly Row[] },
  { registry, stamp, resumable }: { registry: StudyRegistry; stamp: string; resumable: boolean },
): StudyHead {
  const study = registry.find(({ name }) => name === about.study);
  const seconds = rows.flatMap(({ cost }) => (cost?.seconds == null ? [] : [cost.seconds]));
  const methods = about.methods.map(({ title }) => title);
  const what = [...methods, `${about.chosen.cases.length} cases of ${about.cases.file}`];
  return {
    id,
    study: about.study,
    title: study?.title ?? about.study,
    of: what.join(", "),
    model: `${about.model}, ${about.precision}`,
    open: about.stamp === stamp,
    resumable,
    begun: about.date,
    rows: rows.length,
    total: study?.size?.(about),
    secondsPerRow:
      seconds.length > 0 ? seconds.reduce((a, b) => a + b, 0) / seconds.length : undefined,
  };
}

/** A study's results; where its rows say nothing yet, why. */
export function viewOf(
  head: StudyHead,
  { about, rows, cases }: { about: StudyAbout; rows: readonly Row[]; cases: readonly Case[] },
  registry: StudyRegistry,
): StudyView {
  const study = studyOf(about.study, registry);
  const values = about.settings as Record<string, FieldValue | undefined>;
  const settings = study.fields.flatMap((field): [string, string][] => {
    const value = values[field.name];
    return value === undefined || value === "" ? [] : [[field.label, fieldText(field, value)]];
  });
  const view = {
    head,
    settings: [...settings, ["Seed", String(about.seed)] as [string, string]],
    cases: about.chosen.cases.flatMap((place) => cases[place] ?? []),
    command: commandOf(study, about),
  };
  try {
    const { tables, figures, failed } = studyResults(study, rows, about);
    return {
      ...view,
      tables: tables.map(({ name, title, columns, rows: lines }) => ({
        name,
        title,
        columns: columns.map((column) => column.name),
        rows: lines.map((line) => line.map((cell, i) => cellText(cell, columns[i]))),
      })),
      figures: [...figures],
      failed: failed.length,
    };
  } catch (error) {
    return { ...view, tables: [], figures: [], failed: 0, nothing: (error as Error).message };
  }
}

const commandOf = (study: Study, about: StudyAbout): string =>
  studyCommand({
    study: study.name,
    model: about.model,
    precision: study.precision ? undefined : about.precision,
    cases: about.cases.file,
    fields: study.fields,
    settings: about.settings,
    methods: study.editors && {
      option: study.editors === "several" ? "methods" : "method",
      names: about.methods.map(({ name }) => name),
    },
    seed: about.seed,
  });
