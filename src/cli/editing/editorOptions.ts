import type { ParseArgsConfig } from "node:util";
import type { Field } from "../../data/settings/Field.ts";
import { changedSettings } from "../../data/settings/fieldValue.ts";
import { optionName, optionUsage } from "../../data/settings/optionName.ts";
import type { ModelConfig } from "../../engine/architecture/config.ts";
import type { Editor } from "../../methods/edit/Editor.ts";
import { type EditorRegistry, editors } from "../../methods/edit/editors.ts";
import { choiceOption } from "../options.ts";
import { type FieldTexts, fieldTexts } from "./fieldTexts.ts";
import { WrongCall } from "../WrongCall.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** `--method` and the options of every field of every editor; `--identity` says that C = I is meant. */
export function editorOptions(registry: EditorRegistry = editors): Options {
  const options: Options = { method: { type: "string" }, identity: { type: "boolean" } };
  for (const field of registry.flatMap(({ fields }) => fields)) {
    options[optionName(field)] = { type: field.kind.type === "flag" ? "boolean" : "string" };
  }
  return options;
}

/** An editor's options as a line of usage: what is not given is the model's preset. */
export function editorUsage({ fields }: Editor): string {
  const usage = fields.map((field) => `[${optionUsage(field)}]`);
  return [...usage, ...(covarianceField(fields) ? ["[--identity]"] : [])].join(" ");
}

/** Every editor's line of usage, each under its `--method`. */
export const editorsUsage = (registry: EditorRegistry = editors): string =>
  registry.map((editor) => `with --method ${editor.name}: ${editorUsage(editor)}`).join("\n      ");

/**
 * The editor that `--method` names, the first by default, with what was given for it.
 *
 * @throws {WrongCall} for a method that is unknown, an option of another one, or a value that cannot be
 */
export function chosenEditor(
  given: Record<string, unknown>,
  registry: EditorRegistry = editors,
): { editor: Editor; texts: FieldTexts } {
  const names = registry.map(({ name }) => name);
  const name = choiceOption(given, "method", names);
  const editor = registry.find((known) => known.name === name)!;
  const own = new Set([...editor.fields.map(optionName), "method"]);
  if (covarianceField(editor.fields)) own.add("identity");
  const foreign = Object.keys(editorOptions(registry)).find(
    (option) => given[option] !== undefined && !own.has(option),
  );
  if (foreign) throw new WrongCall(`--${foreign} does not go with --method ${name}`);
  const identity: FieldTexts = given.identity === true ? { covariance: "I" } : {};
  return { editor, texts: { ...identity, ...fieldTexts(editor.fields, given) } };
}

/** A model's preset with what was given in it. Throws a sentence where it does not fit the model. */
export function settingsFor(
  { editor, texts }: { editor: Editor; texts: FieldTexts },
  config: ModelConfig,
): object {
  const { settings } = editor.preset(config);
  return changedSettings(editor.fields, texts, settings, { layers: config.layers });
}

/** The field by which an editor can do without C. */
export const covarianceField = (fields: readonly Field[]): Field | undefined =>
  fields.find(
    ({ name, kind }) =>
      name === "covariance" && kind.type === "choice" && kind.choices.some(([c]) => c === "I"),
  );
