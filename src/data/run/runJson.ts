import * as v from "valibot";
import { stamp } from "../delta/provenance.ts";
import { bounds } from "../outside/bounds.ts";
import { checkShape } from "../outside/checkShape.ts";
import {
  flag,
  list,
  longText,
  name,
  number,
  object,
  record,
  text,
  whole,
} from "../outside/kinds.ts";
import { parseJson } from "../outside/readJson.ts";
import { shown } from "../outside/shown.ts";
import { plainTrace, readTrace } from "../trace/traceJson.ts";
import type { Run, RunResult } from "./Run.ts";
import { checkRunContext } from "./RunContext.ts";

const FORMAT = "palimpsest.run";
const VERSION = 1;

/** A number; what JSON cannot say was written as null. */
const measured = v.pipe(
  v.nullable(v.number("a number")),
  v.transform((value) => value ?? NaN),
);
const numbers = v.record(text, v.union([measured, text], "a number"), "an object of numbers");
const texts = list(longText, bounds.facts);

const prompts = list(
  object({
    prompt: longText,
    nllNew: measured,
    nllTrue: measured,
    success: measured,
    magnitude: measured,
    tokenAccuracy: measured,
  }),
  bounds.facts,
);
const caseScore = object({
  rewrite: prompts,
  paraphrase: prompts,
  neighbourhood: prompts,
  others: list(measured, bounds.facts),
  measures: numbers,
  score: measured,
  texts,
});
const scoredCase = object({
  prompt: longText,
  subject: longText,
  targetNew: longText,
  targetTrue: v.optional(longText),
  paraphrases: texts,
  neighbours: texts,
  generationPrompts: texts,
});
const fact = object({ prompt: longText, subject: longText, target: longText });
const tableFact = object({
  prompt: longText,
  subject: longText,
  target: longText,
  case: v.optional(scoredCase),
});
const answers = list(object({ probability: measured, greedy: flag }), bounds.facts);
const spread = object({ mean: measured, std: measured, cases: whole() });
const summary = object({
  cases: whole(),
  measures: v.record(text, spread, "an object of measures"),
  score: measured,
});
const rowMeasures = v.union([
  v.pipe(
    v.null(),
    v.transform(() => undefined),
  ),
  v.record(text, measured, "an object of measures"),
]);
const tableScore = object({
  answers,
  measures: v.optional(list(rowMeasures, bounds.facts)),
  summary: v.optional(summary),
});
const chance = { id: whole(), text, probability: measured };
const continued = object({
  prompt: longText,
  tokens: list(
    object({
      ...chance,
      bytes: v.optional(list(whole(0, 255), bounds.text)),
      likeliest: list(object(chance), bounds.tokens),
    }),
    bounds.ids,
  ),
  end: v.picklist(["length", "end of text", "context"], "why it ends"),
});
const sides = <const S extends v.GenericSchema>(of: S) => ({ before: of, after: v.optional(of) });

/** All but traces, which {@link readTrace} reads. */
const results = {
  edit: object({
    digest: stamp,
    method: name,
    facts: list(fact, bounds.facts),
    relativeNorm: measured,
    steps: list(numbers, 1_000_000),
    measures: list(
      object({ name, layer: v.optional(whole()), label: name, value: measured }),
      bounds.tensors,
    ),
    answers: v.optional(object({ before: answers, after: answers })),
    statistics: v.optional(
      list(
        object({ layer: whole(), source: longText, count: number, file: v.optional(name) }),
        bounds.layers,
      ),
    ),
  }),
  score: object({
    case: scoredCase,
    tokens: v.optional(object({ new: whole(), true: whole() })),
    ...sides(caseScore),
    text: list(object({ prompt: longText, ...sides(longText) }), bounds.facts),
  }),
  table: object({
    name,
    facts: list(tableFact, bounds.facts),
    ...sides(tableScore),
  }),
  study: object({ about: record, rows: list(object({ key: longText }), bounds.caseValues) }),
  text: object(sides(continued)),
};

const run = object({
  format: v.literal(FORMAT, FORMAT),
  version: v.literal(VERSION, `${VERSION}; update Palimpsest`),
  id: v.pipe(text, v.regex(/^[a-z0-9]{8,40}$/, "8 to 40 letters and digits")),
  name,
  pinned: flag,
  context: record,
  result: object({
    kind: v.picklist(
      ["trace", "edit", "score", "table", "study", "text"],
      "trace, edit, score, table, study or text",
    ),
  }),
});
const traces = object({ traces: list(record, 3) });

/** A run as JSON text; numbers that are none are null in it. */
export function writeRun({ result, ...about }: Run): string {
  const plain =
    result.kind === "trace" ? { ...result, traces: result.traces.map(plainTrace) } : result;
  return `${JSON.stringify({ ...about, result: plain })}\n`;
}

/**
 * A run that {@link writeRun} wrote, from a store, a zip or the terminal.
 *
 * @param what names the file in messages
 * @throws one sentence: not JSON, of another version, or the entry that is missing or of another kind
 */
export function readRun(source: Uint8Array | string, what: string): Run {
  const limits = { bytes: bounds.cases, values: bounds.caseValues };
  const { id, name, pinned, context, result } = checkShape(
    parseJson(source, what, limits),
    run,
    what,
  );
  return {
    format: FORMAT,
    version: VERSION,
    id,
    name,
    pinned,
    context: checkRunContext(context, `the run in ${shown(what, 80)}`),
    result: readResult(result, what),
  };
}

function readResult(result: { kind: RunResult["kind"] }, what: string): RunResult {
  const { kind } = result;
  if (kind === "trace") {
    const { traces: found } = checkShape(result, traces, what);
    return { kind, traces: found.map((one) => readTrace(one, `a trace in ${shown(what, 80)}`)) };
  }
  const checked = checkShape<v.GenericSchema>(result, results[kind], what) as object;
  return { ...checked, kind } as RunResult;
}
