import type { ReadStatistics } from "../../src/data/run/Run.ts";
import type { RunContext } from "../../src/data/run/RunContext.ts";
import type { WrittenFact } from "../../src/data/delta/provenance.ts";
import type { StackRecipe } from "../../src/data/delta/stackRecipe.ts";
import type { EditEvent, Measure, SearchStep } from "../../src/methods/edit/Editor.ts";
import type { EditorView } from "../../src/methods/edit/editorViews.ts";
import type { EditRequest } from "../../src/methods/edit/editRequest.ts";
import type { TargetAnswer } from "../../src/methods/score/targetAnswers.ts";
import type { StatisticsView } from "./statisticsProtocol.ts";

/** An edit that the worker holds: what a reader is told of it. */
export interface HeldEdit {
  /** What the page calls it by. */
  id: string;
  /** What its numbers are known by, whatever file they came from. */
  digest: string;
  /** How its method is called. */
  method: string;
  /** The model it was made for. */
  model: string;
  /** When it was made, and by which program, where it says. */
  created?: string | undefined;
  app?: string | undefined;
  /** What its ΔW was multiplied by when it was saved, where that was not the edit as it was made. */
  savedAt?: number | undefined;
  /** How that differs from the one that is open, where the edit says that it does. */
  another?: string | undefined;
  /** What it writes, as far as it tells. */
  facts: WrittenFact[];
  weights: ChangedWeight[];
  /** The largest ‖ΔW‖/‖W‖ of the weights; NaN where it does not say. */
  relativeNorm: number;
  /** Whether it says how to make it again. */
  repeatable: boolean;
}

/** One weight that an edit changes. */
export interface ChangedWeight {
  /** As the checkpoint calls it. */
  weight: string;
  /** The block it belongs to; absent for an embedding, the head or the last norm. */
  layer?: number | undefined;
  /** ‖ΔW‖/‖W‖; NaN where the edit does not say. */
  norm: number;
}

/** One place of the page's stack, as it is kept from one visit to the next. */
export interface StackPlace {
  id: string;
  on: boolean;
  /** What was overwritten, where it is known. */
  truth: string;
  /** What its ΔW is multiplied by; 1 where absent. */
  strength?: number | undefined;
}

/** A place of the stack with the edit that stands there. */
export interface KeptEdit extends StackPlace {
  edit: HeldEdit;
}

/** The stack of an earlier visit. */
export interface KeptStack {
  edits: KeptEdit[];
  /** What cannot be read back: it stays kept until it is deleted, and is never switched on. */
  broken: BrokenEdit[];
}

/** An edit of an earlier visit that cannot be used. */
export interface BrokenEdit {
  id: string;
  /** Why, in one sentence. */
  reason: string;
}

/** What became of a stack that was kept. */
export interface KeepAnswer {
  /** The sentence that says why it will not outlive the page, if so. */
  trouble: string | null;
  /** Edits of the model that another tab has kept. */
  added: KeptEdit[];
  /** Those of the stack that another tab has removed. */
  removed: string[];
}

/** A PEFT adapter as a folder: its files, with their paths. */
export interface AdapterFolder {
  name: string;
  files: { path: string; file: File }[];
}

/** An edit from a file: taken, or not because it says that it was made with another model. */
export type Imported =
  { edit: HeldEdit; question?: undefined } | { edit?: undefined; question: string };

/** What the page asks of a recipe. */
export interface RepeatOrder {
  recipe: StackRecipe;
  /** The names of held edits by their digests: what the recipe takes from files is among them. */
  given: Record<string, string>;
}

/** The edits that a recipe made, in its order. */
export interface RepeatedEdits {
  edits: {
    edit: HeldEdit;
    /** Whether it is on in the end, and what its ΔW is multiplied by. */
    on: boolean;
    strength: number;
    /** Whether its numbers are those that the recipe was made of, where it says. */
    same?: boolean | undefined;
    /** In what it was made differently, in sentences. */
    differences: string[];
  }[];
}

/** What an edit is saved as. */
export type EditForm = "delta" | "adapter" | "recipe";

/** What the model says of an edit's facts, with the other edits that are on: without it, and with it. */
export interface EditEffect {
  before: TargetAnswer[];
  after: TargetAnswer[];
}

/** What the page asks of a model that is saved whole. */
export interface ExportOrder {
  /** The names of the edits that go into its weights. */
  edits: string[];
  /** What the ΔW of each is multiplied by; 1 where absent. */
  strengths?: number[] | undefined;
  /** Of every number in the files. */
  bits: 16 | 32;
  /** The folder in which a new one is made; absent for a zip archive. */
  parent?: FileSystemDirectoryHandle | undefined;
}

/** A model that was saved whole. */
export interface SavedModel {
  /** Of the folder or the archive. */
  name: string;
  /** Of all its tensors. */
  bytes: number;
  /** The archive; absent where a folder was written. */
  blob?: Blob | undefined;
}

/** A file for the reader's downloads. */
export interface SavedFile {
  name: string;
  type: string;
  bytes: Uint8Array;
}

/** What the page asks of an edit of one fact or many. */
export interface EditOrder {
  /** An editor's name. */
  editor: string;
  /** Prompts have one `{}`, or their subject in them. */
  facts: EditRequest[];
  /** What the editor's fields say, and what of its preset has no field. */
  settings: object;
  seed: number;
  /** Templates with one `{}` each; sampled from the model when absent. */
  contexts?: string[] | undefined;
  /**
   * Texts that no fact is about: their perplexity is measured after every so many edits where they go one by one, and
   * before and after where they are made at once.
   */
  neutral?: { texts: string[]; every: number } | undefined;
  /** Whether the model is asked for every fact before and after. */
  answers?: boolean | undefined;
}

/** What an edit reports while it runs; facts are counted from 0. */
export type EditReport =
  | EditEvent
  | { type: "before"; answers: TargetAnswer[] }
  /** Of one fact: how many tokens its target has. */
  | { type: "target"; tokens: number }
  | { type: "notice"; notice: string };

/** A finished edit. */
export interface FinishedEdit {
  /** What it is of. */
  context: RunContext;
  edit: HeldEdit;
  /** Which of the facts were written. */
  written: number[];
  /** The course of the search, where one fact was written and was searched for. */
  steps: SearchStep[];
  /** How many contexts it was made with. */
  contexts: number;
  /** What was read of C; none where C = I. */
  statistics: ReadStatistics[];
  measures: Measure[];
  /** p(target) of every fact with the edits that were on, and with this one too; where it was asked for. */
  answers?: { before: TargetAnswer[]; after: TargetAnswer[] } | undefined;
  /** Of the neutral text, before and after, where many facts were written at once. */
  perplexity?: { before: number; after: number } | undefined;
  /** All statistics at hand by now. */
  atHand: StatisticsView[];
}

/** Layers that an edit would read C of, and that have none. */
export interface MissingStatistics {
  layers: number[];
  /** What could be done without: "choose layers that have some". */
  instead: string | undefined;
}

export type { EditRequest, EditorView, Measure, SearchStep, WrittenFact };
