import { anotherModel } from "../open/openModel.ts";
import type { Field, FieldValue } from "../../data/settings/Field.ts";
import { fieldValue } from "../../data/settings/fieldValue.ts";
import { optionName, optionUsage } from "../../data/settings/optionName.ts";
import type { ModelConfig } from "../../engine/architecture/config.ts";
import type { Editor } from "../../methods/edit/Editor.ts";
import { editorOf, editors } from "../../methods/edit/editors.ts";
import type { EditingChoice } from "../../studies/Editing.ts";
import type { Study } from "../../studies/Study.ts";
import { parseGrid } from "../../studies/sweep/grid.ts";
import { covarianceField } from "../editing/editorOptions.ts";
import { parseOptions } from "../options.ts";
import { WrongCall } from "../WrongCall.ts";

const text = { type: "string" } as const;

/** The options that every study has. */
const shared = {
  model: text,
  cases: text,
  out: text,
  shard: text,
  seed: text,
  json: { type: "boolean" },
} as const;

/** Those of a study that edits. */
const editing = {
  method: text,
  methods: text,
  stats: text,
  text,
  samples: text,
  contexts: text,
  values: text,
  ...anotherModel,
} as const;

/** What a command line says, before the model is open. */
export interface StudyCall {
  study: Study;
  /** Options by their names. */
  given: Record<string, string | boolean | undefined>;
  settings: object;
  editors: readonly Editor[];
}

/**
 * Reads the options of a study: its own fields, those of the editing methods that are chosen, and what all have.
 *
 * @throws {WrongCall} for an option that none of them has, or a value that does not fit
 */
export function studyCall(study: Study, args: string[]): StudyCall {
  const chosen = chosenEditors(study, args);
  const said = parseOptions(args, optionsOf(study, chosen)) as StudyCall["given"];
  const given = said.identity ? { covariance: "I", ...said } : said;
  const call = { study, given, settings: study.defaults, editors: chosen };
  const settings = wrongCall(() => {
    for (const editor of chosen) editingChanges(call, editor);
    return { ...study.defaults, ...changes(given, study.fields), ...gridOf(call) };
  });
  return { ...call, settings };
}

/** The chosen methods with the model's presets and what the options change. */
export const editingChoices = (call: StudyCall, config: ModelConfig): EditingChoice[] =>
  call.editors.map((editor) => ({
    editor,
    settings: {
      ...editor.preset(config).settings,
      ...editingChanges(call, editor, config.layers),
    },
  }));

/** A study's options in one line. */
export function studyUsage(study: Study): string {
  const optional = (words: string) => `[${words}]`;
  const inputs = (study.inputs ?? []).map(({ name }) => `--${name} F`);
  const own = [...study.fields.map(optionUsage), ...inputs].map(optional);
  const precision = study.precision ? [] : [optional("--precision P")];
  return [
    `study ${study.name} --model M --cases F`,
    ...precision,
    ...own,
    ...methodUsage(study),
    "[--shard 3/16] [--seed N] --out DIR [--json]",
  ].join(" ");
}

/** Every method's own options in a line each; none for a study that does not edit. */
export function methodOptions(study: Study): string[] {
  if (!study.editors) return [];
  return suiting(study).map(({ name, fields }) => {
    const options = fields.map((field) =>
      study.editors === "grid" ? `--${optionName(field)} A,B` : optionUsage(field),
    );
    const identity = covarianceField(fields) ? ["--identity"] : [];
    return `${name}: ${[...options, ...identity].join(" ")}`;
  });
}

function methodUsage({ editors: kind }: Study): string[] {
  if (!kind) return [];
  const grid = kind === "grid" ? ["[--grid FIELD=A,B]"] : [];
  const choice = kind === "several" ? "[--methods NAME,NAME]" : "[--method NAME]";
  return [
    choice,
    "[the method's options]",
    ...grid,
    "[--stats DIR|F{}.npz [--another-model] | --text F [--samples N]] [--contexts F.json] [--values DIR]",
  ];
}

function optionsOf(study: Study, chosen: readonly Editor[]) {
  const names = [
    ...(study.precision ? [] : ["precision"]),
    ...(study.inputs ?? []).map(({ name }) => name),
    ...(study.editors ? Object.keys(editing) : []),
  ];
  const several = study.editors === "several" ? chosen : [];
  return {
    ...Object.fromEntries(chosen.flatMap(({ fields }) => fields).flatMap(editorOption(study))),
    ...(chosen.some(({ fields }) => covarianceField(fields))
      ? { identity: { type: "boolean" } as const }
      : {}),
    ...Object.fromEntries(
      several.flatMap(({ name, fields }) =>
        fields.map((field) => [`${name}.${optionName(field)}`, kindOf(field)]),
      ),
    ),
    ...Object.fromEntries(study.fields.map((field) => [optionName(field), kindOf(field)])),
    ...Object.fromEntries(names.map((name) => [name, text])),
    ...(study.editors === "grid" ? { grid: { ...text, multiple: true } } : {}),
    ...shared,
  };
}

/** The option of a method's field; under a grid a text that may be a list, and its plural too. */
const editorOption =
  ({ editors: kind }: Study) =>
  (field: Field): [string, { type: "string" | "boolean" }][] =>
    kind === "grid"
      ? [
          [plural(field), text],
          [optionName(field), text],
        ]
      : [[optionName(field), kindOf(field)]];

const plural = (field: Field) => `${optionName(field)}s`;

const kindOf = ({ kind }: Field) => ({
  type: kind.type === "flag" ? ("boolean" as const) : ("string" as const),
});

/** The methods that a study may be asked for, those that it takes by default first. */
function suiting(study: Study): Editor[] {
  const suits = (editor: Editor) => study.suits?.(editor) ?? true;
  return [...editors.filter(suits), ...editors.filter((editor) => !suits(editor))];
}

/** By `--method` or `--methods`; read before the other options, which depend on them. */
function chosenEditors(study: Study, args: string[]): Editor[] {
  if (!study.editors) return [];
  const said = args.flatMap((word, i) => {
    const [name, value = args[i + 1]] = word.split("=", 2) as [string, string | undefined];
    return ["--method", "--methods"].includes(name) && value ? value.split(",") : [];
  });
  if (said.length === 0) {
    const all = suiting(study);
    return study.editors === "several" ? all : all.slice(0, 1);
  }
  if (said.length > 1 && study.editors !== "several") {
    throw new WrongCall(`invalid --method: ${said.join(",")} (${study.name} takes one)`);
  }
  return wrongCall(() => said.map((name) => editorOf(name)));
}

/** What the options change in a method's settings; `--NAME.clamp` counts for that method, before `--clamp`. */
function editingChanges({ study, given }: StudyCall, editor: Editor, layers?: number): object {
  if (study.editors === "grid") return {};
  const { name, fields } = editor;
  const own = Object.entries(given).flatMap(([option, value]) =>
    option.startsWith(`${name}.`) ? [[option.slice(name.length + 1), value]] : [],
  );
  return {
    ...changes(given, fields, { layers }),
    ...changes(Object.fromEntries(own) as StudyCall["given"], fields, {
      layers,
      prefix: `${name}.`,
    }),
  };
}

function changes(
  given: StudyCall["given"],
  fields: readonly Field[],
  { layers, prefix = "" }: { layers?: number | undefined; prefix?: string } = {},
): Record<string, FieldValue> {
  return Object.fromEntries(
    fields.flatMap((field) => {
      const value = given[optionName(field)];
      if (value === undefined) return [];
      const called = `--${prefix}${optionName(field)}`;
      return [[field.name, fieldValue(field, String(value), { layers, called })]];
    }),
  );
}

/** The grid that `--grid` and the method's options name together; nothing for a study without. */
function gridOf({ study, given, editors: [editor] }: StudyCall): { grid?: string } {
  if (study.editors !== "grid") return {};
  const { fields } = editor;
  const named = fields.flatMap((field) =>
    [plural(field), optionName(field)].flatMap((option) => {
      // `--layers` is a field of its own where a method has one.
      const taken = option === plural(field) && fields.some((one) => optionName(one) === option);
      if (given[option] === undefined || taken) return [];
      const axis = `${field.name}=${String(given[option]).replace(/\s+/g, "")}`;
      parseGrid(axis, fields, { called: `--${option}` });
      return [axis];
    }),
  );
  const grid = [...named, ...[given.grid ?? []].flat()].join(" ");
  parseGrid(grid, fields);
  return { grid };
}

/** What is wrong with an option is a wrong call. */
function wrongCall<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new WrongCall((error as Error).message);
  }
}
