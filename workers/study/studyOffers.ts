import type { FieldValue } from "../../src/data/settings/Field.ts";
import { fieldText } from "../../src/data/settings/fieldText.ts";
import { changedSettings, fieldValue } from "../../src/data/settings/fieldValue.ts";
import { version } from "../../src/data/run/version.ts";
import type { ModelConfig } from "../../src/engine/architecture/config.ts";
import type { Model } from "../../src/engine/Model.ts";
import { editorOf, editors } from "../../src/methods/edit/editors.ts";
import type { EditingChoice } from "../../src/studies/Editing.ts";
import type { Study } from "../../src/studies/Study.ts";
import type { FileAbout, MethodAbout, StudyOrder } from "../../src/studies/StudyAbout.ts";
import type { NewStudy, StudyMethod, StudyOffer } from "../protocol/studyProtocol.ts";

/**
 * What a study's form is made from.
 *
 * @param config of the model that is open, whose presets the methods have
 */
export function offerOf(study: Study, config?: ModelConfig): StudyOffer {
  const { name, title, about, fields, defaults, precision, sketch } = study;
  const methods = study.editors ? suiting(study).map((one) => methodOf(one, config)) : [];
  const presets = textsOf(fields, defaults);
  const [first] = methods;
  const chosen = first ? [first.name] : [];
  const { editors: kind } = study;
  return { name, title, about, fields, presets, editors: kind, methods, chosen, precision, sketch };
}

/** The methods that a study may be asked for, those that it is made for first. */
function suiting(study: Study): EditingChoice["editor"][] {
  const suits = (one: EditingChoice["editor"]) => study.suits?.(one) ?? true;
  return [...editors.filter(suits), ...editors.filter((one) => !suits(one))];
}

function methodOf(editor: EditingChoice["editor"], config?: ModelConfig): StudyMethod {
  const { name, title, fields } = editor;
  const presets = config ? textsOf(fields, editor.preset(config).settings) : {};
  return { name, title, fields, presets };
}

function textsOf(fields: Study["fields"], settings: object): Record<string, string> {
  const values = settings as Record<string, FieldValue | null | undefined>;
  return Object.fromEntries(
    fields.map((field) => [field.name, fieldText(field, values[field.name] ?? "")]),
  );
}

/**
 * What a study is set to where some of it is typed; a field that is emptied and may be is absent.
 *
 * @throws one sentence that names the field, the text and what would do
 */
export function settingsOf(study: Study, order: NewStudy, layers: number): object {
  const { presets } = offerOf(study);
  const entries = study.fields.flatMap((field): [string, FieldValue][] => {
    const text = order.settings[field.name] ?? presets[field.name];
    if (text.trim() === "" && presets[field.name] === "" && field.kind.type !== "text") return [];
    return [[field.name, fieldValue(field, text, { layers })]];
  });
  const settings = Object.fromEntries(entries);
  if (study.editors !== "grid") return settings;
  const { grid } = settings as { grid?: string };
  return { ...settings, grid: [...gridAxes(order), grid].filter(Boolean).join(" ") };
}

/**
 * Settings of the method of a grid that were typed, as axes of one value: so they stand in the rows' keys, and the
 * terminal's call says them.
 */
function gridAxes({ methods: [name], methodSettings = {} }: NewStudy): string[] {
  const typed = methodSettings[name] ?? {};
  return editorOf(name).fields.flatMap((field) => {
    const text = typed[field.name];
    return text === undefined ? [] : [`${field.name}=${text.replace(/\s+/g, "")}`];
  });
}

/**
 * The methods that were chosen, with the presets of a model and what was typed in the place of some of it.
 *
 * @throws one sentence that names the field, the text and what would do
 */
function choicesOf(study: Study, order: NewStudy, config: ModelConfig): EditingChoice[] {
  const typed = study.editors === "grid" ? {} : (order.methodSettings ?? {});
  return order.methods.map((name) => {
    const editor = editorOf(name);
    const preset = editor.preset(config).settings;
    const { layers } = config;
    return {
      editor,
      settings: changedSettings(editor.fields, typed[name] ?? {}, preset, { layers }),
    };
  });
}

/** What a new study's rows will be of, but for the statistics that it reads. */
export function orderOf(
  study: Study,
  order: NewStudy,
  at: {
    model: Model;
    device: string;
    cases: FileAbout & { count: number };
    inputs: Record<string, FileAbout>;
  },
): Omit<StudyOrder<object>, "statistics"> {
  const { model, device, cases, inputs } = at;
  const choices = study.editors ? choicesOf(study, order, model.config) : [];
  return {
    study: study.name,
    model: model.config.name,
    revision: model.config.revision,
    stamp: model.stamp,
    precision: model.precision,
    app: `palimpsest ${version}`,
    date: new Date().toISOString(),
    device,
    settings: settingsOf(study, order, model.config.layers),
    methods: choices.map(({ editor: { name, title }, settings }): MethodAbout => ({
      name,
      title,
      settings: { ...settings },
    })),
    contexts: undefined,
    seed: order.seed,
    cases,
    inputs,
  };
}
