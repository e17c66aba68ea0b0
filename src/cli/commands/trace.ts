import { extname, join } from "node:path";
import { changedSettings } from "../../data/settings/fieldValue.ts";
import { optionUsage } from "../../data/settings/optionName.ts";
import { traceFields } from "../../data/trace/traceFields.ts";
import { fieldTexts } from "../editing/fieldTexts.ts";
import { tracePreset } from "../../methods/trace/tracePreset.ts";
import { parseCases } from "../../data/facts/facts.ts";
import { writeNpz } from "../../data/archive/npz.ts";
import { traceCsv } from "../../data/trace/traceCsv.ts";
import { plainTrace } from "../../data/trace/traceJson.ts";
import type { Model } from "../../engine/Model.ts";
import { jointWords } from "../../data/score/severalTokens.ts";
import { runWarnings } from "../../data/run/warnings.ts";
import type { TraceResult } from "../../data/run/Run.ts";
import { aboutTrace } from "../../data/run/runAbout.ts";
import { promptTemplate } from "../../methods/prompt/subject.ts";
import { runOption, saveRun, tryRun } from "../files/runFile.ts";
import type { RunSigma } from "../../data/run/RunContext.ts";
import { exampleSubjects, sigmaOf } from "../../methods/trace/sigma.ts";
import type { Trace } from "../../data/trace/Trace.ts";
import { trace as causalTrace } from "../../methods/trace/trace.ts";
import type { TraceRequest } from "../../data/trace/TraceRequest.ts";
import { traceNpz } from "../../data/trace/traceNpz.ts";
import type { Command, Terminal } from "../Command.ts";
import { tryFile } from "../files/tryOut.ts";
import { writeWhole } from "../files/writeWhole.ts";
import { readCaseJson } from "../open/files.ts";
import { applyDeltas, deltaOption } from "../open/openDelta.ts";
import { anotherModel, modelOptions, openModel } from "../open/openModel.ts";
import { choiceOption, numberOption, parseOptions, required } from "../options.ts";
import { table } from "../table.ts";
import { WrongCall } from "../WrongCall.ts";

/** `palimpsest trace`: causal tracing of one fact. */
export const trace: Command = {
  usage: `trace --model M --prompt P --subject S [--target T] [--kind state|mlp|attn] ${traceFields.map((field) => `[${optionUsage(field)}]`).join(" ")} [--replace] [--occurrence N] [--sigma X | --subjects F.json] [--delta F … [--strength S,…] [--another-model]] [--out F.npz|F.json|F.csv] [--run F.zip] [--json]`,
  about: "Where the model recalls a fact: p(answer) with each state or window restored.",
  run: runTrace,
};

const options = {
  ...modelOptions,
  ...anotherModel,
  ...deltaOption,
  ...runOption,
  prompt: { type: "string" },
  subject: { type: "string" },
  target: { type: "string" },
  kind: { type: "string" },
  window: { type: "string" },
  samples: { type: "string" },
  noise: { type: "string" },
  replace: { type: "boolean" },
  seed: { type: "string" },
  occurrence: { type: "string" },
  sigma: { type: "string" },
  subjects: { type: "string" },
  out: { type: "string" },
  json: { type: "boolean" },
} as const;

async function runTrace(args: string[], terminal: Terminal): Promise<void> {
  const given = parseOptions(args, options);
  required(given, "model");
  const fact = traceFact(given);
  const texts = fieldTexts(traceFields, given);
  if (given.out) {
    checkExtension(given.out);
    await tryFile(given.out);
  }
  await tryRun(given.run);
  const fixed = sigmaGiven(given);
  const begun = new Date();
  const opened = await openModel(given, terminal);
  const { model } = opened;
  const { settings } = tracePreset(model.config);
  const request: TraceRequest = {
    ...fact,
    ...changedSettings(traceFields, texts, settings, { layers: model.config.layers }),
  };
  const unit =
    request.noise.kind === "sigma"
      ? (fixed ?? (await measuredSigma(model, given.subjects, terminal)))
      : undefined;
  const deltas = await applyDeltas(opened, given);
  const found = await causalTrace(model, request, {
    sigma: unit?.value,
    onRow: (token) => terminal.progress(`tracing token ${token}`),
  });
  terminal.progress("");
  const object = {
    model: model.config.name,
    request,
    sigma: unit?.value,
    sigmaOf: unit,
    ...plainTrace(found),
  };
  if (given.out) await writeTrace(given.out, found, object);
  const { kind, ...order } = request;
  const prompt = promptTemplate(order.prompt, order.subject, order.occurrence);
  const about = { ...aboutTrace({ ...order, prompt, kinds: [kind] }), sigma: unit };
  const result: TraceResult = { kind: "trace", traces: [found] };
  await saveRun(given.run, { model, about, result, begun, deltas });
  terminal.print(given.json ? JSON.stringify(object) : traceText(request, found, unit));
}

/** The request but for what the model's preset has. */
function traceFact(given: Record<string, unknown>) {
  const { target } = given;
  return {
    prompt: required(given, "prompt"),
    subject: required(given, "subject"),
    target: typeof target === "string" ? target : undefined,
    kind: choiceOption(given, "kind", ["state", "mlp", "attn"]),
    replace: given.replace === true,
    occurrence: numberOption(given, "occurrence", { min: 0, whole: true }),
  };
}

function sigmaGiven(given: Record<string, unknown>): RunSigma | undefined {
  const value = numberOption(given, "sigma", { min: 0 });
  return value === undefined ? undefined : { value, set: "as given" };
}

/** σ over the subjects in a file of cases, by default the page's set: the facts that come with it (METHODS 2.4). */
async function measuredSigma(
  model: Model,
  given: string | undefined,
  { root }: Terminal,
): Promise<RunSigma> {
  const path = given ?? join(root, "public", "facts.json");
  const json = await readCaseJson(path);
  const isList = Array.isArray(json) && json.every((item) => typeof item === "string");
  const names = isList ? json : parseCases(json, { what: path }).map(({ subject }) => subject);
  const { set, subjects } = exampleSubjects(names);
  const named = given === undefined ? set : `the ${subjects.length} subjects of ${path}`;
  return sigmaOf(model, { set: named, subjects });
}

function checkExtension(path: string): void {
  if ([".npz", ".json", ".csv"].includes(extname(path))) return;
  throw new WrongCall(`invalid --out: ${path} (its name must end in .npz, .json or .csv)`);
}

async function writeTrace(path: string, found: Trace, object: object): Promise<void> {
  if (path.endsWith(".npz")) await writeWhole(path, writeNpz(traceNpz(found)));
  else if (path.endsWith(".csv")) await writeWhole(path, traceCsv(found));
  else await writeWhole(path, `${JSON.stringify(object)}\n`);
}

const row = (scores: Float32Array, token: number, layers: number): number[] =>
  Array.from(scores.subarray(token * layers, (token + 1) * layers));

/** The table, and what makes it misleading. */
function traceText(
  { prompt, subject }: TraceRequest,
  found: Trace,
  sigma: RunSigma | undefined,
): string {
  const warnings = runWarnings({ prompt, subject });
  const unit = sigma ? [`σ ${sigma.value.toFixed(4)}, ${setOf(sigma)}`] : [];
  return [traceTable(found), ...unit, ...warnings].join("\n\n");
}

const setOf = ({ set, subjects }: RunSigma) => (subjects === undefined ? set : `over ${set}`);

function traceTable(found: Trace): string {
  const { spellings, subjectRange, layers, scores, answer, highScore, lowScore } = found;
  const isSubject = (token: number) => token >= subjectRange[0] && token < subjectRange[1];
  const rows = spellings.map((text, token) => [
    `${JSON.stringify(text)}${isSubject(token) ? " *" : ""}`,
    ...row(scores, token, layers).map((score) => score.toFixed(3)),
  ]);
  const header = ["token \\ layer", ...Array.from({ length: layers }, (_, layer) => `${layer}`)];
  const joint = jointWords(found.answerIds.length);
  const about = `p(${JSON.stringify(answer)}): ${highScore.toFixed(4)} clean, ${lowScore.toFixed(4)} with the subject corrupted${joint && `; ${joint}`}`;
  return `${about}\n\n${table([header, ...rows])}`;
}
