import type { Field } from "../../data/settings/Field.ts";
import { settingsText } from "../../data/settings/fieldText.ts";
import { labelInSentence } from "../../data/settings/labelInSentence.ts";
import { layersOf } from "../../data/settings/layersOf.ts";
import { changedSettings, fieldValue } from "../../data/settings/fieldValue.ts";
import { seedField } from "../../data/settings/seedField.ts";
import type { EditorView } from "../../../workers/protocol/protocol.ts";

/** What is typed in a form, by the fields' names: what differs from the preset. */
export type Typed = Partial<Record<string, string>>;

/** The fields that stand in the open, and those that fold away, the seed among them. */
export function formFields({ fields }: Pick<EditorView, "fields">): {
  main: Field[];
  more: Field[];
} {
  const main = fields.filter((field) => field.main);
  return { main, more: [...fields.filter((field) => !field.main), seedField] };
}

/** What the folded part of a form is called: "More settings: KL factor, weight decay, seed". */
export const moreSettings = (fields: readonly Pick<Field, "label">[]): string =>
  `More settings: ${fields.map(({ label }) => labelInSentence(label)).join(", ")}`;

/** An editor's fields as they stand where nothing is typed. */
export const presetText = ({ fields, preset }: EditorView): Record<string, string> =>
  settingsText([...fields, seedField], { ...preset, seed: 0 });

/**
 * What an editor runs with: its preset, with what was typed in the place of some of it. Layers are in order, each once.
 *
 * @throws one sentence that names the field, the text and what would do
 */
export function chosenSettings(
  { fields, preset }: Pick<EditorView, "fields" | "preset">,
  typed: Typed,
  layers: number,
): { settings: Record<string, unknown>; seed: number } {
  const settings: Record<string, unknown> = {
    ...changedSettings(fields, typed, preset, { layers }),
  };
  for (const { name, kind } of fields)
    if (kind.type === "layers") settings[name] = ascending(settings[name] as number[]);
  return { settings, seed: fieldValue(seedField, typed.seed ?? "0") as number };
}

const ascending = (layers: number[]) => [...new Set(layers)].sort((a, b) => a - b);

/** At most so many looks at the loss, where an editor's settings say it. */
export const plannedSteps = ({ steps }: Record<string, unknown>): number =>
  typeof steps === "number" ? steps : 1;

/**
 * What a link carries of an editor's fields, by the names that they have now: links of before called some by their label.
 */
export function typedOf({ fields }: Pick<EditorView, "fields">, group: Typed = {}): Typed {
  const known = [...fields, seedField];
  const named = Object.entries(group).flatMap(([key, text]) => {
    const field =
      known.find(({ name }) => name === key) ??
      known.find(({ label }) => label.toLowerCase() === key);
    return field ? [[field.name, text]] : [];
  });
  return Object.fromEntries(named) as Typed;
}

/** The editors by the order in which they are offered for one fact, or for many: those made for it first. */
export function offered(editors: EditorView[], many: boolean): EditorView[] {
  const fit = many ? "many" : "one";
  return [...editors].sort((a, b) => Number(b.facts === fit) - Number(a.facts === fit));
}

/** What an editor is called where many facts are written: one by one, or at once. */
export const titleFor = ({ title, facts }: EditorView, many: boolean): string =>
  many && facts === "one" ? `${title} in sequence` : title;

/** The layers that a form names, as text; what cannot be read stands as it was typed. */
export function chosenLayers(editor: EditorView, typed: Typed): string[] {
  const presets = presetText(editor);
  return editor.fields.flatMap(({ name, kind }) => {
    if (kind.type !== "layer" && kind.type !== "layers") return [];
    const text = typed[name] ?? presets[name];
    try {
      return layersOf("layers", text).map(String);
    } catch {
      return [text];
    }
  });
}
