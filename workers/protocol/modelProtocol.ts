import type { ModelIdentity } from "../../src/data/identity/ModelIdentity.ts";
import type { ModelConfig } from "../../src/engine/architecture/config.ts";
import type { ChosenModel, ModelRequest } from "../../src/engine/files/openSource.ts";
import type { KeptModel } from "../../src/engine/files/keptModels.ts";
import type { Precision } from "../../src/engine/checkpoint/precision.ts";
import type { EditorView } from "../../src/methods/edit/editorViews.ts";
import type { PlanMethod } from "../../src/methods/memory/planJob.ts";
import type { TracePreset } from "../../src/methods/trace/tracePreset.ts";
import type { KeptEdit } from "./editProtocol.ts";
import type { StatisticsView } from "./statisticsProtocol.ts";

/** What runs the model: the execution provider, the device's name, and why it is not WebGPU. */
export interface DeviceView {
  provider: "webgpu" | "wasm" | "cpu";
  description: string;
  /** A sentence, when a graphics card was asked for and is not used. */
  notice?: string | undefined;
}

/** A loaded model, as the page needs to know it. */
export interface ModelView {
  config: ModelConfig;
  identity: ModelIdentity;
  /** Its architecture, as people write it. */
  family: string;
  /** True for the built-in model, which is always labelled as a toy. */
  toy: boolean;
  /** How its matrices are kept. */
  precision: Precision;
  /** Bytes that it takes on its device. */
  bytes: number;
  /** True where its server did not answer and what was kept was used. */
  offline: boolean;
  /** The editors by the order in which they are offered, with their presets for this model. */
  editors: EditorView[];
  /** A trace's settings, and where they come from. */
  tracing: TracePreset;
  /** Layers whose covariance C is at hand, and where it came from. */
  statistics: StatisticsView[];
}

/** What the page asks of a load. */
export interface ModelOrder extends ModelRequest {
  /** Absent: as the files have it. */
  precision?: Precision | undefined;
}

/** How far a load has come. */
export interface LoadProgress {
  stage: "downloading" | "checking" | "converting";
  /** Bytes; while converting, numbers of the model. */
  done: number;
  total: number;
  /** Over the last few seconds; 0 while nothing comes. */
  bytesPerSecond?: number | undefined;
  secondsLeft?: number | undefined;
  /** What is being converted. */
  tensor?: string | undefined;
}

/** A kind of work that memory is planned for. */
export interface PlannedWork {
  name: PlanMethod;
  title: string;
}

/** Bytes that a model and work on it take. */
export interface Need {
  weights: number;
  statistics: number;
  activations: number;
  scratch: number;
  total: number;
}

/** A smaller choice that would do. */
export interface Suggestion {
  /** "choose q8 (2.1 GB)". */
  sentence: string;
  precision?: Precision | undefined;
  /** Another model. */
  source?: ChosenModel | undefined;
}

/** What work on a model would take at one precision, and whether that can be had. */
export interface PrecisionPlan {
  precision: Precision;
  need: Need;
  /** "unknown": nothing tells how much memory there is; "doubtful": and it is more than is usual. */
  level: "fits" | "unknown" | "doubtful" | "refused";
  /** Why, in one sentence. */
  reason: string;
  suggestion?: Suggestion | undefined;
  /** The most that the device binds at once, where there is such a limit. */
  binds?: number | undefined;
}

/** One file that is read. */
export interface PlannedFile {
  path: string;
  bytes: number;
}

/** A model of the network. */
export interface PlaceRequest {
  source: Extract<ChosenModel, { kind: "address" }>;
  /** The Hub's address, where it is a mirror. */
  hub?: string | undefined;
}

/** Where a model would be fetched from. */
export interface PlaceView {
  /** Its address there. */
  url: string;
  /** "huggingface.co". */
  host: string;
  /** Whether it is the server that the page comes from. */
  own: boolean;
  /** Whether a Hub id would be looked up elsewhere than on the Hub. */
  mirror: boolean;
}

/** What opening a model would mean, before anything is downloaded but its config. */
export interface PlanView {
  config: ModelConfig;
  /** Its architecture, as people write it. */
  family: string;
  parameters: number;
  files: PlannedFile[];
  /** Bytes of all files, and how many of them need no download. */
  bytes: number;
  kept: number;
  /** Where the files come from: a host's name, or a folder's. */
  from: string;
  /** True where the server did not answer and what was kept is used. */
  offline: boolean;
  /** What memory can be planned for, the likeliest first. */
  works: PlannedWork[];
  /** What the files hold; more bits than these bring nothing back. */
  stored: "float" | "q8" | "q4";
  /** Files without which the model does not open: named by its index and not there, or its tokenizer. */
  missing?: string[] | undefined;
  storage?: StorageView | undefined;
}

/** What the browser says of its storage for this page, in bytes. */
export interface StorageView {
  used: number;
  free: number;
  /** Whether it promised not to evict it. */
  persisted: boolean;
}

/** A model that is kept in this browser, wholly or in part. */
export interface KeptModelView extends KeptModel {
  /** How the page opens it again. */
  source: ChosenModel;
}

/** A published model that the page offers by name. */
export interface KnownModelView {
  name: string;
  parameters: number;
  /** Of its weights' files. */
  bytes: number;
  note?: string | undefined;
  source: ChosenModel;
}

/** What an earlier version of this page kept under the name of a model's folder. */
export interface EarlierEntry {
  id: string;
  kind: "edits" | "statistics" | "states";
  /** "gpt2@local". */
  model: string;
  about: string;
  bytes?: number | undefined;
  /** Whether the open model has that name. */
  sameName: boolean;
  /** Whether it can be taken for the open model, where it fits. */
  takes: boolean;
}

/** What was taken of an entry: edits for the stack of the page, or statistics, which the worker keeps itself. */
export interface EarlierTaken {
  edits: KeptEdit[];
  /** How many of the edits cannot be read. */
  unread: number;
}

/** All models that are kept, and the room there is. */
export interface KeptModels {
  models: KeptModelView[];
  storage?: StorageView | undefined;
}

export type { ChosenModel, ModelConfig, ModelRequest, Precision };
