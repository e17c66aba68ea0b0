import type { Case } from "../../src/data/facts/facts.ts";
import type { Delta } from "../../src/data/delta/delta.ts";
import type { TextForm } from "../../src/data/facts/texts.ts";
import type { ModelConfig } from "../../src/engine/architecture/config.ts";
import type { Precision } from "../../src/engine/checkpoint/precision.ts";
import type { KeptStatistics, StatisticsKey } from "../../src/engine/storage/statisticsStore.ts";
import type { MemitHyperparameters } from "../../src/methods/edit/memit/memit.ts";
import type { TracePreset } from "../../src/methods/edit/presets.ts";
import type { RomeHyperparameters } from "../../src/methods/edit/rome/rome.ts";
import type { ValueStep } from "../../src/methods/edit/valueSearch.ts";
import type { CaseScore, PromptScore } from "../../src/methods/score/score.ts";
import type { CollectionBegun, CollectProgress } from "../../src/methods/statistics/statistics.ts";
import type { Trace, TraceRequest } from "../../src/methods/trace/trace.ts";

/** What runs the model: the execution provider, the device's name, and why it is not WebGPU. */
export interface DeviceView {
  provider: "webgpu" | "wasm" | "cpu";
  description: string;
  /** A sentence, when a graphics card was asked for and is not used. */
  notice?: string;
}

/** A loaded model, as the page needs to know it. */
export interface ModelView {
  config: ModelConfig;
  /** True for the built-in model, which is always labelled as a toy. */
  toy: boolean;
  /** How its matrices are kept. */
  precision: Precision;
  /** Bytes that it takes on its device. */
  bytes: number;
  /** True where its server did not answer and what was kept was used. */
  offline: boolean;
  preset: RomeHyperparameters & { source: string };
  /** A trace's. */
  tracing: TracePreset;
  /** MEMIT's. */
  memit: MemitHyperparameters & { source: string };
  /** Layers whose covariance C is at hand, and where it came from. */
  statistics: StatisticsView[];
}

/** Covariance statistics that are at hand. */
export interface StatisticsView {
  layer: number;
  source: string;
  /** How many keys were summed. */
  count: number;
}

/** Covariance statistics that are kept in this browser. */
export interface KeptView extends KeptStatistics {
  /** Whether edits of the layer use these. */
  inUse: boolean;
}

/** A collection that was begun, on this visit or an earlier one. */
export interface CollectionView extends CollectionBegun {
  /** What it was asked to be, where that was kept: it can go on without being asked anew. */
  order?: Omit<CollectOrder, "date">;
}

/** Everything about covariance statistics that the page shows. */
export interface StatisticsOverview {
  kept: KeptView[];
  /** All that are at hand, those that the model ships among them. */
  atHand: StatisticsView[];
  collection?: CollectionView;
  /** Why something will not outlive the page, or cannot be read. */
  notice?: string;
}

/** Where the texts of a corpus come from. */
export type TextSource =
  | { kind: "file"; file: File }
  | { kind: "address"; address: string }
  | { kind: "paste"; text: string };

/** What the page asks of a collection. */
export interface CollectOrder {
  layers: number[];
  text: TextSource;
  /** Absent: the likeliest. */
  form?: TextForm;
  /** How many texts to draw; absent for all. */
  samples?: number;
  /** Stop after so many keys. */
  tokens?: number;
  /** Milliseconds since 1970. */
  date: number;
}

/** A prompt as the model sees it. */
export interface TokensView {
  ids: number[];
  /** Each token as text; a token that is not whole UTF-8 is written as its bytes, `⟨C3⟩`. */
  texts: string[];
  /** First token of the subject and the token after its last, where a subject was given. */
  subject?: [begin: number, end: number];
}

/** One candidate for the next token. */
export interface NextToken {
  id: number;
  token: string;
  probability: number;
}

/** The next-token distribution's head, with no edit and with the edits that are switched on. */
export interface PredictionView {
  prompt: string;
  before: NextToken[];
  /** Absent while no edit is switched on. */
  after?: NextToken[];
}

/** One of the true facts that come with the page (public/facts.json). */
export interface Fact {
  id: string | number;
  relation: string;
  subject: string;
  /** With one `{}` for the subject. */
  prompt: string;
  paraphrases: string[];
  /** The true answer. */
  target: string;
  /** Plausible false ones. */
  newTargets: string[];
  /** Complete prompts about other subjects, with the same true answer. */
  neighbours: string[];
}

/** What a trace is known to be as soon as it starts. */
export interface TraceStart {
  tokens: string[];
  subjectRange: [begin: number, end: number];
  layers: number;
}

/** What a trace reports while it runs. */
export type TraceEvent =
  { type: "start"; start: TraceStart } | { type: "row"; token: number; row: Float32Array };

/** What the page asks of a rewrite. */
export interface EditOrder {
  /** The prompt has one `{}`. */
  request: { prompt: string; subject: string; target: string };
  hyperparameters: RomeHyperparameters;
  seed: number;
  /** Templates with one `{}` each; sampled from the model when absent. */
  contexts?: string[];
}

/** What a rewrite reports while it runs. */
export type EditEvent = { type: "stage"; stage: string } | { type: "step"; step: ValueStep };

/** One finished rewrite. */
export interface EditView {
  delta: Delta;
  steps: ValueStep[];
  /** ‖ΔW‖/‖W‖. */
  relativeNorm: number;
  /** k₀·u / k̄·u: below 0.5 the bare key of the subject and the averaged key disagree. */
  keyRatio: number;
  contexts: string[];
  /** Where C came from. */
  statistics: string;
  /** All statistics at hand by now. */
  known: StatisticsView[];
}

/** Scores and greedy text of one case, with no edit and with the edits that are switched on. */
export interface ComparisonView {
  case: Case;
  before: CaseScore;
  after?: CaseScore;
  text: { prompt: string; before: string; after?: string }[];
}

/** An edit as it is kept from one visit to the next. */
export interface KeptEdit {
  on: boolean;
  delta: Delta;
  relativeNorm: number;
  /** What was overwritten, where it is known. */
  truth: string;
}

/** A delta that was read from a file and fits the model; the norm is NaN where the file does not say. */
export interface AdmittedDelta {
  delta: Delta;
  relativeNorm: number;
}

/** What a delta does to its own prompt, alone. */
export interface CheckView {
  prompt: string;
  target: string;
  before: number;
  after: number;
}

export type * from "./massProtocol.ts";
export type * from "./modelProtocol.ts";
export type {
  CollectProgress,
  StatisticsKey,
  TextForm,
  Case,
  CaseScore,
  PromptScore,
  Delta,
  ModelConfig,
  RomeHyperparameters,
  ValueStep,
  Trace,
  TracePreset,
  TraceRequest,
};
