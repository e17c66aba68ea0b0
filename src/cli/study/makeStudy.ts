import { join } from "node:path";
import { MemoryRows } from "../../data/rows/RowStore.ts";
import type { Precision } from "../../engine/checkpoint/precision.ts";
import { Model } from "../../engine/Model.ts";
import { Editing, type EditingChoice } from "../../studies/Editing.ts";
import { runStudy } from "../../studies/runStudy.ts";
import { parseShard, type Shard, WHOLE } from "../../studies/shard.ts";
import { statisticsAbout } from "../../studies/statisticsAbout.ts";
import type { StudyOrder } from "../../studies/StudyAbout.ts";
import { studyResults } from "../../studies/summariseStudy.ts";
import type { Terminal } from "../Command.ts";
import { readContexts } from "../editing/contextsFile.ts";
import { inFolder } from "../files/FolderLock.ts";
import { tryFolder } from "../files/tryOut.ts";
import { readJson } from "../open/files.ts";
import { FolderRows } from "../open/FolderRows.ts";
import { memoryValues, valueFolder } from "../open/valueFolder.ts";
import { nodeRuntime } from "../open/nodeRuntime.ts";
import { openModel, type OpenModel } from "../open/openModel.ts";
import { required, seedOption } from "../options.ts";
import { WrongCall } from "../WrongCall.ts";
import { deviceName } from "./deviceName.ts";
import { studyFiles, type StudyFiles } from "./studyFiles.ts";
import { studyStatistics } from "./studyStatistics.ts";
import { editingChoices, type StudyCall } from "./studyOptions.ts";
import { showResults } from "./summariseFolders.ts";

/**
 * Runs a study, or goes on with one, and prints its tables. Its rows are kept in `--out`; with `--json` and no `--out`
 * they live as long as the run.
 */
export async function makeStudy(call: StudyCall, terminal: Terminal): Promise<void> {
  const { given } = call;
  const out = given.out as string | undefined;
  required(given, "model");
  required(given, "cases");
  if (!out && !given.json) {
    throw new WrongCall("--out is missing: the folder where rows are kept, to go on from");
  }
  const seed = seedOption(given) ?? 0;
  const shard = given.shard === undefined ? WHOLE : wrongShard(given.shard as string);
  if (typeof given.values === "string") await tryFolder(given.values);
  const work = () => runHere(call, { seed, shard, terminal });
  await (out ? inFolder(out, "study", work) : work());
}

/** What a run has besides its command line. */
interface Run {
  seed: number;
  shard: Shard;
  terminal: Terminal;
}

async function runHere(call: StudyCall, run: Run): Promise<void> {
  const { terminal } = run;
  const files = await studyFiles(call, terminal);
  const opened = await openModel(modelOf(call), terminal);
  // A signal stops it at the next step; rows that are done are kept.
  const make = (signal?: AbortSignal) => runOn(opened, { ...run, call, files, signal });
  const { about, rows } = await (terminal.ending?.stoppable(make) ?? make());
  terminal.progress("");
  if (rows.length === 0) return terminal.note("this shard has no cases, and so no rows");
  const { out, json } = call.given as { out?: string; json?: boolean };
  await showResults(studyResults(call.study, rows, about), { out, json, terminal });
}

interface RunOn extends Run {
  call: StudyCall;
  files: StudyFiles;
  signal: AbortSignal | undefined;
}

async function runOn(opened: OpenModel, { call, files, seed, shard, signal, terminal }: RunOn) {
  const { model } = opened;
  const { study, given, settings } = call;
  const out = given.out as string | undefined;
  const statistics = studyStatistics(opened, given, { terminal, signal });
  const choices = editingChoices(call, model.config);
  const methods = choices.map(methodAbout);
  const contexts = await readContexts(given.contexts as string | undefined);
  const order: StudyOrder<object> = {
    study: study.name,
    ...(await whereAndWhen(opened, terminal)),
    ...files.about,
    settings,
    methods,
    statistics: await statisticsAbout(study, { settings, methods }, statistics),
    contexts,
    seed,
  };
  const values = valuesOf(call);
  const host = { model, seed, statistics, contexts, values, signal };
  return runStudy(study, order, {
    model,
    signal,
    open: (precision) => openAt(opened, precision),
    cases: files.cases,
    filters: files.filters,
    inputs: files.inputs,
    editings: choices.map((choice) => new Editing(choice, host)),
    store: out === undefined ? new MemoryRows() : new FolderRows(out),
    where: out ?? "the memory",
    shard,
    now: () => performance.now(),
    onRows: (made, count) => terminal.progress(`${count} rows, the last ${made.at(-1)?.key ?? ""}`),
    onProgress: (sentence) => terminal.progress(sentence),
    onNotice: (sentence) => terminal.note(sentence),
  });
}

function wrongShard(text: string) {
  try {
    return parseShard(text);
  } catch (error) {
    throw new WrongCall((error as Error).message);
  }
}

const modelOf = ({ study, given }: StudyCall) => ({
  model: given.model as string,
  precision: study.precision ?? (given.precision as string | undefined),
  "another-model": given["another-model"] === true,
});

/** z's of a study's folder, so that a group whose work was cut short need not search for them again. */
function valuesOf({ given }: StudyCall) {
  if (typeof given.values === "string") return valueFolder(given.values);
  return typeof given.out === "string" ? valueFolder(join(given.out, "values")) : memoryValues();
}

const openAt = ({ files }: OpenModel, precision: Precision) =>
  Model.load(nodeRuntime(), files, { precision });

/** The model, the program and the machine, for the record. */
async function whereAndWhen({ model }: OpenModel, { root }: Terminal) {
  const app = (await readJson(join(root, "package.json"))) as Record<string, string>;
  return {
    model: model.config.name,
    revision: model.config.revision,
    stamp: model.stamp,
    precision: model.precision,
    app: `${app.name} ${app.version}`,
    date: new Date().toISOString(),
    device: deviceName(model.runtime),
  };
}

const methodAbout = ({ editor: { name, title }, settings }: EditingChoice) => ({
  name,
  title,
  settings: { ...settings },
});
