import { resolve } from "node:path";
import { parseFactTable } from "../../data/facts/factTable.ts";
import { factRequest } from "../../data/tables/rowFact.ts";
import type { EditContext, EditEvent } from "../../methods/edit/Editor.ts";
import type { EditRequest } from "../../methods/edit/editRequest.ts";
import { withSettings, writeEdit } from "../../methods/edit/writeEdit.ts";
import { type EditorRegistry, editors } from "../../methods/edit/editors.ts";
import { targetAnswers } from "../../methods/score/targetAnswers.ts";
import type { Command, Terminal } from "../Command.ts";
import { readContexts } from "../editing/contextsFile.ts";
import {
  chosenEditor,
  editorOptions,
  editorsUsage,
  settingsFor,
} from "../editing/editorOptions.ts";
import { editFiles } from "../editing/editFiles.ts";
import { editResult } from "../editing/editResult.ts";
import { editSummary, editText } from "../editing/editSummary.ts";
import { editStatistics } from "../open/editStatistics.ts";
import { aboutEdit } from "../../data/run/runAbout.ts";
import { runOption, saveRun, tryRun } from "../files/runFile.ts";
import { tryFile, tryFolder } from "../files/tryOut.ts";
import { readText } from "../open/files.ts";
import { applyDeltas, deltaOption } from "../open/openDelta.ts";
import { anotherModel, modelOptions, openModel } from "../open/openModel.ts";
import { valueFolder } from "../open/valueFolder.ts";
import { parseOptions, required, seedOption } from "../options.ts";
import { percent } from "../table.ts";
import { WrongCall } from "../WrongCall.ts";

/** `palimpsest edit`: writes one fact, or a table of them, and saves the change of the weights. */
export const edit = editCommand(editors);

/** The command for these editors: its usage, options and what it says of itself are made from them. */
export function editCommand(registry: EditorRegistry): Command {
  const methods = registry.map(({ name }) => name).join("|");
  const each = registry.map(({ title, about }) => `${title}: ${about}`).join(" ");
  return {
    usage: `edit --method ${methods} --model M (--prompt P --subject S --target T | --facts F.json|F.csv) [--stats F.npz|F{}.npz|DIR [--another-model]] [--contexts F.json] [--values DIR] [--delta F … [--strength S,…]] [--seed N] [--out F.safetensors] [--peft DIR] [--report F.npz] [--run F.zip] [--json]\n      ${editorsUsage(registry)}`,
    about: `Writes one fact, or a table of them, and saves the change of the weights. ${each}`,
    run: (args, terminal) => runEdit(args, terminal, registry),
  };
}

const ownOptions = {
  ...modelOptions,
  ...anotherModel,
  ...deltaOption,
  ...runOption,
  prompt: { type: "string" },
  subject: { type: "string" },
  target: { type: "string" },
  facts: { type: "string" },
  stats: { type: "string" },
  contexts: { type: "string" },
  values: { type: "string" },
  seed: { type: "string" },
  out: { type: "string" },
  peft: { type: "string" },
  report: { type: "string" },
  json: { type: "boolean" },
} as const;

async function runEdit(
  args: string[],
  terminal: Terminal,
  registry: EditorRegistry,
): Promise<void> {
  const parsed: Record<string, string | boolean | string[] | undefined> = parseOptions(args, {
    ...editorOptions(registry),
    ...ownOptions,
  });
  const given = parsed as typeof parsed & Given;
  const chosen = chosenEditor(given, registry);
  const seed = seedOption(given) ?? 0;
  required(given, "model");
  await tryOuts(given);
  await tryRun(given.run);
  const begun = new Date();
  const facts = await factsOf(given);
  const opened = await openModel(given, terminal);
  const { model } = opened;
  const settings = settingsFor(chosen, model.config);
  const statistics = editStatistics(opened, given.stats);
  const contexts = await readContexts(given.contexts);
  // What is missing is said before hours of search, not after.
  const layers = model.config.layers;
  for (const layer of chosen.editor.statistics(settings)) {
    if (layer < layers) await statistics(layer);
  }
  const beneath = await applyDeltas(opened, given);
  const before = await targetAnswers(model, facts);
  const at: EditContext = {
    seed,
    statistics,
    contexts,
    values: given.values === undefined ? undefined : valueFolder(given.values),
    onEvent: progressOf(facts.length, terminal),
  };
  const { editor } = chosen;
  const made = await writeEdit(editor, model, { facts, settings, at, beneath });
  terminal.progress("");
  model.setDeltas([...beneath, made.delta].flatMap(({ weights }) => weights));
  const after = await withSettings(editor, model.config, settings, () =>
    targetAnswers(model, facts),
  );
  const told = { model, editor, settings, seed, facts, made, before, after };
  await editFiles(told, given);
  const about = aboutEdit({ editor: editor.name, facts, settings, seed, contexts });
  const result = await editResult(told, given.stats);
  await saveRun(given.run, { model, about, result, begun, deltas: beneath, made: made.delta });
  terminal.print(given.json ? JSON.stringify(editSummary(told)) : editText(told));
}

type Flag = "json" | "another-model";
type Given = Partial<Record<Exclude<keyof typeof ownOptions, Flag | "delta">, string>> &
  Partial<Record<Flag, boolean>> & { delta?: string[] };

/** What is to be written can be: said before the work, not after. */
async function tryOuts({ out, report, peft, values }: Given): Promise<void> {
  if (out !== undefined && report !== undefined && resolve(out) === resolve(report)) {
    throw new WrongCall(`--out and --report are the same file: ${out}`);
  }
  for (const path of [out, report]) if (path !== undefined) await tryFile(path);
  for (const path of [peft, values]) if (path !== undefined) await tryFolder(path);
}

/** The fact that the options tell, or those of a table. */
async function factsOf(given: Given): Promise<EditRequest[]> {
  const words = ["prompt", "subject", "target"] as const;
  if (given.facts === undefined) {
    const [prompt, subject, target] = words.map((name) => required(given, name));
    return [{ prompt, subject, target }];
  }
  const beside = words.find((name) => given[name] !== undefined);
  if (beside) throw new WrongCall(`--${beside} does not go with --facts`);
  return parseFactTable(await readText(given.facts), given.facts).map(factRequest);
}

/** A line that says how far the edit is. */
function progressOf(facts: number, terminal: Terminal): (event: EditEvent) => void {
  let found = 0;
  return (event) => {
    if (event.type === "found") found++;
    if (event.type === "stage") terminal.progress(event.stage);
    if (event.type === "layer")
      terminal.progress(`layer ${event.layer}: mean residual ${event.residual.toFixed(2)}`);
    if (event.type === "step" && facts === 1) {
      const { step, loss, probability } = event.step;
      terminal.progress(`step ${step}: loss ${loss.toFixed(3)}, p(target) ${percent(probability)}`);
    }
    if (facts > 1 && ["step", "found"].includes(event.type))
      terminal.progress(`${found} of ${facts} facts found`);
  };
}
