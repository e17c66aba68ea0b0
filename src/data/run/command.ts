import { askFields } from "../ask/askFields.ts";
import { caseRecord } from "../facts/caseRecord.ts";
import type { ModelIdentity } from "../identity/ModelIdentity.ts";
import type { Field, FieldValue } from "../settings/Field.ts";
import { fieldText } from "../settings/fieldText.ts";
import { optionName } from "../settings/optionName.ts";
import { factRecord } from "../tables/factRecord.ts";
import type { TraceKind } from "../trace/TraceRequest.ts";
import { traceFields } from "../trace/traceFields.ts";
import type {
  EditResult,
  FinishedRun,
  ScoreResult,
  StudyResult,
  TableResult,
  TextResult,
} from "./Run.ts";
import type { RunContext } from "./RunContext.ts";
import { shellOption, shellWord } from "./shellWord.ts";

/** A file that a command reads. */
export interface CommandFile {
  name: string;
  /** What is in it, where it is text. */
  text?: string | undefined;
  /** Otherwise the edit with these changes (deltaDigest), as safetensors. */
  digest?: string | undefined;
  /** What it is, in a few words. */
  title: string;
}

/** The terminal's calls that repeat a run. */
export interface RunCommand {
  /** One for each call, for a POSIX shell. */
  lines: string[];
  files: CommandFile[];
}

export const PROGRAM = "npm run -s palimpsest --";

/** Facts of an edit that are options of its call; more are a file. */
const ONE = 1;

/** What only the registries of editors and studies tell. */
export interface CommandRegistry {
  /** The fields of every editor, by its name. */
  editors?: ReadonlyMap<string, readonly Field[]> | undefined;
  /** A study's call. */
  study?: ((result: StudyResult) => RunCommand) | undefined;
}

/**
 * The calls that repeat a run: the same model, edits, fact, settings and seed, σ as it was measured.
 *
 * @throws a sentence where the terminal has no such call
 */
export function commandOf(run: FinishedRun, known: CommandRegistry = {}): RunCommand {
  const { context, result } = run;
  switch (result.kind) {
    case "trace":
      return traceCommand(context);
    case "edit":
      return editCommand(context, result, known);
    case "score":
      return scoreCommand(context, result);
    case "text":
      return textCommand(context, result);
    case "table":
      return tableCommand(context, result);
    case "study":
      if (known.study) return known.study(result);
      throw new Error("no study is known here; the study’s own files say how it was made");
  }
}

/**
 * The calls as text that can be pasted: files of text are made first, and what else is needed is named. Outside words
 * stand in quotes, so that a shell runs nothing of them.
 */
export function commandText({ lines, files }: RunCommand): string {
  const made = files.map(({ name, text, title }) =>
    text === undefined
      ? `: ${shellWord(`needs ${name}: ${title}`)}`
      : `cat > ${shellWord(name)} <<'END'\n${text}\nEND`,
  );
  return [...made, ...lines].join("\n");
}

/** Where the bytes of an edit lie beside a command, and in a zip of runs. */
export const editFile = (digest: string): string => `edits/${digest.slice(0, 16)}.safetensors`;

/** How the terminal opens a model; a folder of another computer is named, and the reader says where it is. */
export function modelOptions(model: ModelIdentity): string[] {
  const name = modelName(model);
  if (name === "demo") return ["--model demo"];
  return [shellOption("model", name), shellOption("precision", model.precision)];
}

/** What page and terminal open a model by: `demo`, a Hub id at its commit, an address, or a folder's name. */
export function modelName({ id, revision, address }: ModelIdentity): string {
  if (/\/models\/demo\/?$/.test(address ?? "")) return "demo";
  const pinned = /^[0-9a-f]{40}$/.test(revision) && /^[^/]+\/[^/]+$/.test(id);
  return pinned ? `${id}@${revision}` : (address ?? id);
}

function traceCommand(context: RunContext): RunCommand {
  const { settings, sigma } = context;
  const kinds = (Array.isArray(settings.kinds) ? settings.kinds : ["state"]) as TraceKind[];
  const { answer } = factOf(context);
  const shared = [
    ...modelOptions(context.model),
    ...factOptions(context),
    ...(answer === undefined ? [] : [shellOption("target", answer)]),
    ...fieldOptions(traceFields, { ...settings, seed: context.seed }),
    ...(sigma ? [shellOption("sigma", sigma.value)] : []),
    ...(settings.replace === true ? ["--replace"] : []),
    ...deltaOptions(context),
  ];
  const lines = kinds.map((kind) =>
    call("trace", [...shared, `--kind ${kind}`, shellOption("out", `${kind}.npz`)]),
  );
  return { lines, files: editsNeeded(context) };
}

function editCommand(context: RunContext, result: EditResult, known: CommandRegistry): RunCommand {
  const { settings, seed, model } = context;
  const method = editorOf(context);
  const fields = known.editors?.get(method);
  if (!fields)
    throw new Error(`no editor is called ${method}; the recipe of the edit says the rest`);
  const files = editsNeeded(context);
  const facts = result.facts.length > ONE ? ["--facts facts.json"] : [];
  if (facts.length)
    files.push({ name: "facts.json", text: safeJson(result.facts), title: "the facts" });
  const contexts = templatesOf(settings.ownContexts);
  if (contexts)
    files.push({ name: "contexts.json", text: safeJson(contexts), title: "the contexts" });
  const options = [
    shellOption("method", method),
    ...modelOptions(model),
    ...(facts.length
      ? facts
      : result.facts.flatMap(({ prompt, subject, target }) =>
          wordsOf({ prompt, subject, target }),
        )),
    ...fieldOptions(fields, settings),
    shellOption("seed", seed),
    ...(contexts ? ["--contexts contexts.json"] : []),
    ...statisticsOptions(result, files),
    ...deltaOptions(context),
    "--out edit.safetensors",
  ];
  return { lines: [call("edit", options)], files };
}

/** Statistics that the browser has collected or was given, as files that it saves; the model's own need no option. */
function statisticsOptions({ statistics = [] }: EditResult, files: CommandFile[]): string[] {
  const own = statistics.flatMap(({ file, layer }) => (file ? [{ file, layer }] : []));
  for (const { file, layer } of own)
    files.push({ name: file, title: `C of layer ${layer}; Export .npz under Edits, Statistics` });
  if (own.length === 0) return [];
  return [shellOption("stats", own.length === 1 && statistics.length === 1 ? own[0].file : ".")];
}

function tableCommand(context: RunContext, { facts }: TableResult): RunCommand {
  const text = safeJson(facts.map(factRecord));
  const options = [...modelOptions(context.model), "--facts facts.json", ...deltaOptions(context)];
  const table = { name: "facts.json", text, title: "the facts" };
  return { lines: [call("score", options)], files: [table, ...editsNeeded(context)] };
}

const templatesOf = (contexts: unknown): unknown =>
  Array.isArray(contexts) && contexts.length > 0 ? contexts : undefined;

/** The editor of a run's settings, by its name. */
const editorOf = ({ settings }: RunContext): string =>
  [settings.editor, settings.method].find((name) => typeof name === "string") ?? "";

function scoreCommand(context: RunContext, result: ScoreResult): RunCommand {
  const text = safeJson(caseRecord(result.case));
  const options = [
    ...modelOptions(context.model),
    "--case case.json",
    ...deltaOptions(context),
    "--generate",
    shellOption("seed", context.seed),
  ];
  const scored = { name: "case.json", text, title: "the case" };
  return { lines: [call("score", options)], files: [scored, ...editsNeeded(context)] };
}

function textCommand(context: RunContext, { before }: TextResult): RunCommand {
  const options = [
    ...modelOptions(context.model),
    shellOption("prompt", before.prompt),
    ...fieldOptions(askFields, { ...context.settings, seed: context.seed }),
    ...deltaOptions(context),
  ];
  return { lines: [call("generate", options)], files: editsNeeded(context) };
}

const call = (command: string, options: readonly string[]): string =>
  [PROGRAM, command, ...options].join(" ");

/** @throws where a run that is about one fact does not say which */
function factOf({ fact }: RunContext): NonNullable<RunContext["fact"]> {
  if (fact) return fact;
  throw new Error("this run does not say what fact it is about; run it again");
}

function factOptions(context: RunContext): string[] {
  const { prompt, subject } = factOf(context);
  return wordsOf({ prompt, subject });
}

const wordsOf = (words: Record<string, string>): string[] =>
  Object.entries(words).map(([name, word]) => shellOption(name, word));

/** The fields that have a value; a flag that is off, and what a model's preset alone says, are left out. */
function fieldOptions(fields: readonly Field[], settings: Record<string, unknown>): string[] {
  return fields.flatMap((field) => {
    const value = settings[field.name] as FieldValue | undefined;
    if (value === undefined || value === null) return [];
    const name = optionName(field);
    if (field.kind.type === "flag") return value === true ? [`--${name}`] : [];
    return [shellOption(name, fieldText(field, value).replaceAll("×", "x"))];
  });
}

/** The files of the edits, and where not all were on whole, what their ΔW are multiplied by. */
function deltaOptions({ edits }: RunContext): string[] {
  const files = edits.map(({ digest }) => shellOption("delta", editFile(digest)));
  if (edits.every(({ strength }) => strength === 1)) return files;
  return [...files, shellOption("strength", edits.map(({ strength }) => strength).join())];
}

function editsNeeded({ edits }: RunContext): CommandFile[] {
  return edits.map(({ digest, title }) => ({ name: editFile(digest), digest, title }));
}

/** JSON in one line, in which a terminal that it is pasted into finds nothing to obey. */
const safeJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, i) => escaped(character.charCodeAt(i))).join(""),
  );

const escaped = (code: number) => `\\u${code.toString(16).padStart(4, "0")}`;
