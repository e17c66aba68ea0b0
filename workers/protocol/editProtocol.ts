import type { WrittenFact } from "../../src/data/delta/provenance.ts";
import type { EditRequest } from "../../src/methods/edit/editRequest.ts";
import type { EditEvent as EditorEvent } from "../../src/methods/edit/Editor.ts";
import type { MemitHyperparameters } from "../../src/methods/edit/memit/MemitHyperparameters.ts";
import type { RomeHyperparameters } from "../../src/methods/edit/rome/RomeHyperparameters.ts";
import type { SequenceStep } from "../../src/methods/edit/rome/romeSequence.ts";
import type { ValueStep } from "../../src/methods/edit/valueSearch.ts";
import type { TargetAnswer } from "../../src/methods/score/targetAnswers.ts";
import type { StatisticsView } from "./statisticsProtocol.ts";

/** An edit that the worker holds: what a reader is told of it. */
export interface HeldEdit {
  /** What the page calls it by. */
  id: string;
  /** How its method is called: "ROME". */
  method: string;
  /** The model it was made for. */
  model: string;
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
}

/** A place of the stack with the edit that stands there. */
export interface KeptEdit extends StackPlace {
  edit: HeldEdit;
}

/** The stack of an earlier visit. */
export interface KeptStack {
  edits: KeptEdit[];
  /** How many edits could not be read back. */
  lost: number;
}

/** What an edit is saved as. */
export type EditForm = "delta" | "adapter" | "recipe";

/** A file for the reader's downloads. */
export interface SavedFile {
  name: string;
  type: string;
  bytes: Uint8Array;
}

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
  edit: HeldEdit;
  steps: ValueStep[];
  /** ‖ΔW‖/‖W‖. */
  relativeNorm: number;
  /** k₀·u / k̄·u: below 0.5 the bare key of the subject and the averaged key disagree. */
  keyRatio: number;
  contexts: string[];
  /** Where C came from. */
  statistics: string;
  /** All statistics at hand by now. */
  atHand: StatisticsView[];
}

/** What the page asks for many facts: MEMIT, or ROME once per fact. */
export type MassOrder = { facts: EditRequest[]; seed: number } & (
  | { method: "memit"; hyperparameters: MemitHyperparameters }
  | {
      method: "sequence";
      hyperparameters: RomeHyperparameters;
      /** Texts that no fact is about; their perplexity is measured as the edits go. */
      neutral: string[];
      /** After every so many edits. */
      every: number;
    }
);

/** What a run of many facts reports; facts are counted from 0. */
export type MassEvent =
  | Exclude<EditorEvent, { type: "edited" }>
  | { type: "before"; answers: TargetAnswer[] }
  | { type: "perplexity"; perplexity: number }
  | { type: "edited"; step: SequenceStep }
  | { type: "notice"; notice: string };

/** One layer of a finished run. */
export interface MassLayer {
  layer: number;
  /** ‖ΔW‖/‖W‖. */
  relativeNorm: number;
  /** Mean ‖z − z_now‖ before this layer was written; MEMIT only. */
  residual?: number;
  /** Where C came from. */
  statistics: string;
}

/** A finished run of many facts. */
export interface MassView {
  edit: HeldEdit;
  /** The largest ‖ΔW‖/‖W‖ of the layers. */
  relativeNorm: number;
  layers: MassLayer[];
  /** Which of the facts were written. */
  written: number[];
  /** p(target) of every fact with the edits that were on, and with this one too. */
  before: TargetAnswer[];
  after: TargetAnswer[];
  /** All statistics at hand by now. */
  atHand: StatisticsView[];
}

export type {
  EditRequest,
  MemitHyperparameters,
  RomeHyperparameters,
  SequenceStep,
  ValueStep,
  WrittenFact,
};
