import type { Delta } from "../../data/delta/delta.ts";
import { deltaDigest } from "../../data/delta/digest.ts";
import { isGiven, type MadeStep, type StackRecipe } from "../../data/delta/stackRecipe.ts";
import { atStrength } from "../../data/delta/strength.ts";
import { checkShape } from "../../data/outside/checkShape.ts";
import { record } from "../../data/outside/kinds.ts";
import { shown } from "../../data/outside/shown.ts";
import type { FieldValue } from "../../data/settings/Field.ts";
import { fieldText } from "../../data/settings/fieldText.ts";
import { changedSettings } from "../../data/settings/fieldValue.ts";
import type { ModelConfig } from "../../engine/architecture/config.ts";
import type { Model } from "../../engine/Model.ts";
import type { EditContext, Editor, UsedStatistics } from "./Editor.ts";
import { editorOf, type EditorRegistry, editors } from "./editors.ts";
import { writeEdit } from "./writeEdit.ts";

/** What a recipe is made with: what a run of an editor takes, and the edits that come from files. */
export interface RepeatContext extends Pick<
  EditContext,
  "statistics" | "values" | "signal" | "onEvent"
> {
  /** An edit that a recipe does not tell how to make, by its digest. */
  given: (digest: string) => Promise<Delta | undefined>;
  /** Gives the model these edits and no other. */
  switchOn: (deltas: Delta[]) => void;
  /** Told before each edit, counted from 0. */
  onEdit?: (edit: number, of: number) => void;
  registry?: EditorRegistry | undefined;
}

/** An edit that was made again. */
export interface Repeated {
  /** At its strength, as it was when others were made on it. */
  delta: Delta;
  /** The edit as it was made, and what its ΔW is multiplied by. */
  whole: Delta;
  strength: number;
  /** Whether it is on in the end. */
  on: boolean;
  /** Whether its numbers are those that the recipe was made of; undefined where it does not say. */
  same: boolean | undefined;
  /** In what it was made differently: statistics of other keys. Sentences. */
  differences: string[];
}

/**
 * Makes every edit of a recipe again, in its order, each on those that were on when it was made. The model is left with
 * whatever was switched on last.
 *
 * @throws one sentence, with the number of the edit where there are several: an editor or a setting that there is none of,
 *   a fact that cannot be written, an edit that comes from a file and was not given
 */
export async function repeatRecipe(
  model: Model,
  recipe: Pick<StackRecipe, "edits" | "on">,
  how: RepeatContext,
): Promise<Repeated[]> {
  const made: Repeated[] = [];
  for (const [i, step] of recipe.edits.entries()) {
    how.signal?.throwIfAborted();
    how.onEdit?.(i, recipe.edits.length);
    const beneath = step.on.map((place) => made[place].delta);
    const { whole, differences } = await numbered(i, recipe.edits.length, async () => {
      if (isGiven(step)) return { whole: await givenEdit(step.given, how), differences: [] };
      how.switchOn(beneath);
      return repeated(model, step, { ...how, beneath });
    });
    const { strength = 1 } = step;
    const delta = await atStrength(whole, strength);
    const same = step.digest === undefined ? undefined : (await deltaDigest(delta)) === step.digest;
    made.push({ delta, whole, strength, on: recipe.on.includes(i), same, differences });
  }
  return made;
}

async function numbered<T>(edit: number, of: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (of === 1 || (error as Error).name === "AbortError") throw error;
    throw new Error(`edit ${edit + 1}: ${(error as Error).message}`, { cause: error });
  }
}

async function givenEdit(digest: string, { given }: RepeatContext): Promise<Delta> {
  const delta = await given(digest);
  if (delta) return delta;
  throw new Error(
    `the recipe does not say how it was made, since it came from a file (${digest.slice(0, 8)}…); give that file first`,
  );
}

async function repeated(
  model: Model,
  step: MadeStep,
  how: RepeatContext & { beneath: Delta[] },
): Promise<{ whole: Delta; differences: string[] }> {
  const unusual = ["objective", "stop"].find((key) => key in step);
  if (unusual)
    throw new Error(`it was searched for with another ${unusual}, which only a study does`);
  const editor = editorOf(step.method.split(" ")[0], how.registry ?? editors);
  const { statistics, values, signal, onEvent, beneath } = how;
  const { delta, statistics: read } = await writeEdit(editor, model, {
    facts: step.request ? [step.request] : step.requests!,
    settings: settingsOf(editor, model.config, step),
    at: {
      seed: step.seed,
      contexts: step.contexts.length ? step.contexts : undefined,
      statistics,
      values,
      signal,
      onEvent,
    },
    beneath,
  });
  return { whole: delta, differences: statisticsDifferences(step, read) };
}

/** The settings of a recipe, each checked as a field that is typed; what has no field is the preset's unless it is said. */
function settingsOf(editor: Editor, config: ModelConfig, { hyperparameters }: MadeStep): object {
  const preset = editor.preset(config).settings;
  const said = checkShape(hyperparameters, record, "the settings of the recipe");
  const fields = editor.fields.filter(({ name }) => Object.hasOwn(said, name));
  const names = new Set(editor.fields.map(({ name }) => name));
  const unknown = Object.keys(said).find(
    (name) => !names.has(name) && !Object.hasOwn(preset, name),
  );
  if (unknown) throw new Error(`${editor.title} has no setting “${shown(unknown)}”`);
  const texts = Object.fromEntries(
    fields.map((field) => [field.name, fieldText(field, said[field.name] as FieldValue)]),
  );
  const others = Object.entries(preset as Record<string, unknown>)
    .filter(([name, value]) => !names.has(name) && typeof said[name] === typeof value)
    .map(([name]) => [name, said[name]]);
  const base: object = { ...preset, ...(Object.fromEntries(others) as Record<string, unknown>) };
  return changedSettings(editor.fields, texts, base, { layers: config.layers });
}

/** Where C was of other keys than the recipe says, so that the edit is another. */
function statisticsDifferences(
  { statistics }: MadeStep,
  read: readonly UsedStatistics[],
): string[] {
  const said = statistics === null ? [] : [statistics].flat();
  return said.flatMap(({ layer, source, count }) => {
    const used =
      layer === undefined && read.length === 1 ? read[0] : read.find((one) => one.layer === layer);
    if (!used || count === undefined || used.count === count) return [];
    return `C of layer ${used.layer} is of ${used.count} keys (${shown(used.source)}), and the recipe’s of ${count} (${shown(source)})`;
  });
}
