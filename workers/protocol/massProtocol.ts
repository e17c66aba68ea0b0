import type { TableFact } from "../../src/data/facts/factTable.ts";
import type { Delta } from "../../src/data/delta/delta.ts";
import type { EditRequest } from "../../src/methods/edit/editRequest.ts";
import type { MemitEvent, MemitHyperparameters } from "../../src/methods/edit/memit/memit.ts";
import type { RomeHyperparameters } from "../../src/methods/edit/rome/rome.ts";
import type { SequenceStep } from "../../src/methods/edit/rome/romeSequence.ts";
import type { Summary } from "../../src/methods/score/score.ts";
import type { TargetAnswer } from "../../src/methods/score/targetAnswers.ts";
import type { StatisticsView } from "./protocol.ts";

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
  | MemitEvent
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
  delta: Delta;
  /** The largest ‖ΔW‖/‖W‖ of the layers. */
  relativeNorm: number;
  layers: MassLayer[];
  /** Which of the facts were written. */
  written: number[];
  /** p(target) of every fact with the edits that were on, and with this one too. */
  before: TargetAnswer[];
  after: TargetAnswer[];
  /** All statistics at hand by now. */
  known: StatisticsView[];
}

/** The whole table on the model as it is at one time. */
export interface TableScore {
  answers: TargetAnswer[];
  /** Over the facts whose true answer is known; absent where it is of none. */
  summary?: Summary;
}

/** A table's scores with no edit and with the edits that are switched on. */
export interface TableScoreView {
  before: TableScore;
  after?: TableScore;
}

export type { EditRequest, MemitHyperparameters, SequenceStep, Summary, TableFact, TargetAnswer };
