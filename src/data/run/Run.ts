import type { Measure, SearchStep, UsedStatistics } from "../../methods/edit/Editor.ts";
import type { CaseScore, Measures, Summary } from "../../methods/score/score.ts";
import type { TargetAnswer } from "../../methods/score/targetAnswers.ts";
import type { ContinuedText } from "../ask/ContinuedText.ts";
import type { WrittenFact } from "../delta/provenance.ts";
import type { TableFact } from "../facts/factTable.ts";
import type { Case } from "../facts/facts.ts";
import type { Row } from "../rows/rows.ts";
import type { Trace } from "../trace/Trace.ts";
import type { RunContext } from "./RunContext.ts";

/** What was measured with no edit, and with those that were on; the latter absent where none was. */
export interface Sides<T> {
  before: T;
  after?: T | undefined;
}

/** The traces of one fact: of states, MLPs and attentions, as many as were asked for. */
export interface TraceResult {
  kind: "trace";
  traces: Trace[];
}

/** A change of weights. Its numbers are a file of its own, by this digest. */
export interface EditResult {
  kind: "edit";
  /** Of its changes (deltaDigest). */
  digest: string;
  /** What its method is called. */
  method: string;
  /** What it writes. */
  facts: WrittenFact[];
  relativeNorm: number;
  /** The course of the search, where one fact was searched for. */
  steps: SearchStep[];
  measures: Measure[];
  answers?: { before: TargetAnswer[]; after: TargetAnswer[] } | undefined;
  /** What was read of C: none where C = I, absent where it is not known. */
  statistics?: ReadStatistics[] | undefined;
}

/** Covariance statistics that an edit has read. */
export interface ReadStatistics extends UsedStatistics {
  /** What its file is called where it is not the model's own: what the page saves it as. */
  file?: string | undefined;
}

/** Scores and greedy text of one case. */
export interface ScoreResult extends Sides<CaseScore> {
  kind: "score";
  case: Case;
  /** How many tokens the new and the true answer have. */
  tokens?: { new: number; true: number } | undefined;
  text: ({ prompt: string } & Sides<string>)[];
}

/** A table of facts on the model as it is at one time. */
export interface ScoredTable {
  answers: TargetAnswer[];
  /** Of each fact whose true answer is known. */
  measures?: (Measures | undefined)[] | undefined;
  summary?: Summary | undefined;
}

/** The scores of a table. */
export interface TableResult extends Sides<ScoredTable> {
  kind: "table";
  /** What the table is called. */
  name: string;
  facts: TableFact[];
}

/** A study: what it was begun with, and its rows. */
export interface StudyResult {
  kind: "study";
  /** As `study.json` has it. */
  about: Record<string, unknown>;
  rows: Row[];
}

/** How the model went on from a text. */
export interface TextResult extends Sides<ContinuedText> {
  kind: "text";
}

/** What a run found. */
export type RunResult =
  TraceResult | EditResult | ScoreResult | TableResult | StudyResult | TextResult;

/** What was found, and of what: as it is when it ends. */
export interface FinishedRun {
  context: RunContext;
  result: RunResult;
}

/** A run that is kept. */
export interface Run extends FinishedRun {
  format: "palimpsest.run";
  version: 1;
  /** Letters and digits, the same wherever the run is taken. */
  id: string;
  /** What the reader called it; empty where nobody has. */
  name: string;
  /** Kept until it is deleted, however many there are. */
  pinned: boolean;
}

/** What a list says of a run. */
export interface RunHead extends Pick<Run, "id" | "name" | "pinned"> {
  kind: RunResult["kind"];
  /** What it is about, in a few words. */
  title: string;
  /** The model's contents, precision and name. */
  stamp: string;
  precision: string;
  model: string;
  begun: string;
  /** Digests of the edits that were on, and of the one that was made. */
  edits: string[];
  /** How many were on. */
  on: number;
  bytes: number;
}

/** The digests of all edits that a run stands on or has made. */
export function digestsOf({ context, result }: FinishedRun): string[] {
  const on = context.edits.map(({ digest }) => digest);
  return [...new Set(result.kind === "edit" ? [...on, result.digest] : on)];
}

/** What a run is about, in a few words. */
export function titleOf({ context, result }: FinishedRun): string {
  switch (result.kind) {
    case "trace":
      return arrow(context.fact?.subject ?? "", result.traces.at(0)?.answer ?? "");
    case "edit": {
      const [first, ...others] = result.facts;
      if (!first) return result.method;
      return `${arrow(first.subject, first.target)}${others.length ? ` and ${others.length} more` : ""}`;
    }
    case "score":
      return arrow(result.case.subject, result.case.targetNew);
    case "table":
      return `${result.name || "facts"} (${result.facts.length})`;
    case "study":
      return `${typeof result.about.study === "string" ? result.about.study : "study"} (${result.rows.length} rows)`;
    case "text":
      return result.before.prompt;
  }
}

const arrow = (from: string, to: string): string => `${from.trim()} → ${to.trim()}`;

/** What a list says of a run whose text has so many characters. */
export function headOf(run: Run, bytes: number): RunHead {
  const { id, name, pinned, context, result } = run;
  const { model, begun, edits } = context;
  return {
    id,
    name,
    pinned,
    kind: result.kind,
    title: titleOf(run).slice(0, 300),
    stamp: model.stamp,
    precision: model.precision,
    model: model.id,
    begun,
    edits: digestsOf(run),
    on: edits.length,
    bytes,
  };
}
