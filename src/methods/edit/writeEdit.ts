import { type Delta, isLowRank } from "../../data/delta/delta.ts";
import { provenanceOn } from "../../data/delta/provenanceOn.ts";
import type { Field } from "../../data/settings/Field.ts";
import type { ModelConfig } from "../../engine/architecture/config.ts";
import type { Model } from "../../engine/Model.ts";
import { areFinite, beyond, isBeyond, whatIsBeyond } from "../../engine/transformer/finite.ts";
import type { Edit, EditContext, Editor } from "./Editor.ts";
import type { EditRequest } from "./editRequest.ts";

/** What {@link writeEdit} writes, and how. */
export interface EditToWrite {
  facts: EditRequest[];
  settings: object;
  at: EditContext;
  /** The edits that the model has, which its provenance tells. */
  beneath?: readonly Delta[] | undefined;
}

/**
 * {@link Editor.run}, whose numbers are all finite: the delta's, its norm and its measures.
 *
 * @throws what the editor throws; where a number is NaN or infinite, one sentence that names the setting which is
 *   farthest from the model's preset
 */
export function writeEdit(
  editor: Editor,
  model: Model,
  { facts, settings, at, beneath = [] }: EditToWrite,
): Promise<Edit> {
  return withSettings(editor, model.config, settings, async () => {
    const edit = finiteEdit(await editor.run(model, facts, settings, at));
    const provenance = await provenanceOn(edit.delta.provenance, beneath);
    return { ...edit, delta: { ...edit.delta, provenance } };
  });
}

/**
 * Does something with an edit of these settings; where it ends beyond what numbers can hold, the error names the setting
 * that is to blame.
 *
 * @throws what the work throws
 */
export async function withSettings<T>(
  editor: Editor,
  config: ModelConfig,
  settings: object,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isBeyond(error)) throw error;
    const blamed = farthest(editor, config, settings);
    throw new Error(`${whatIsBeyond(error)}: ${blamed}`, { cause: error });
  }
}

function finiteEdit(edit: Edit): Edit {
  const { delta, measures, relativeNorm } = edit;
  for (const { weight, change, norm = 0 } of delta.weights) {
    const parts = isLowRank(change) ? [change.u, change.v] : [change.dense];
    if (parts.every(areFinite) && Number.isFinite(norm)) continue;
    throw beyond(`the change of ${weight}`, "take settings nearer to the preset");
  }
  if (!Number.isFinite(relativeNorm)) throw beyond("the change's norm", "take a smaller change");
  const wrong = measures.find(({ value }) => !Number.isFinite(value));
  if (wrong) throw beyond(`the edit's ${wrong.label}`, "take settings nearer to the preset");
  return edit;
}

/** The number among the settings that is the most times larger or smaller than in the preset. */
function farthest(editor: Editor, config: ModelConfig, settings: object): string {
  const preset = numbersOf(editor.fields, editor.preset(config).settings);
  const given = numbersOf(editor.fields, settings);
  const [most] = [...given]
    .map(([field, value]) => ({ field, value, usual: preset.get(field)! }))
    .sort((a, b) => distance(b) - distance(a));
  if (!most || distance(most) < 1) {
    return "the settings are near the preset, so that it is the weights, the statistics or the edits that are on";
  }
  const { field, value, usual } = most;
  return `“${field.label}” is ${value}, and ${usual} in this model's preset; take one nearer to it`;
}

function numbersOf(fields: readonly Field[], settings: object): Map<Field, number> {
  const values = settings as Record<string, unknown>;
  const numbers = fields.filter(({ kind }) => kind.type === "number");
  return new Map(numbers.map((field) => [field, Number(values[field.name])]));
}

/** How many times as far, as a power of ten; steps count like everything else. */
const distance = ({ value, usual }: { value: number; usual: number }): number =>
  Math.abs(Math.log10(value + 1e-9) - Math.log10(usual + 1e-9));
