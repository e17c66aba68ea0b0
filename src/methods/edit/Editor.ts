import type { NpyArray } from "../../data/archive/npy.ts";
import type { Delta } from "../../data/delta/delta.ts";
import type { Field } from "../../data/settings/Field.ts";
import type { ModelConfig } from "../../engine/architecture/config.ts";
import type { Footprint } from "../../engine/footprint/Footprint.ts";
import type { Model } from "../../engine/Model.ts";
import type { Stoppable } from "../../engine/runtime/Stoppable.ts";
import type { LayerStatistics } from "../statistics/statistics.ts";
import type { EditRequest } from "./editRequest.ts";
import type { SearchGoal } from "./Objective.ts";

/**
 * A method of editing, as a thing: what it is called and made of, what it asks for, what it takes, and how it runs. The
 * page's form, the terminal's options, links, plans and studies are made from it. `editors.ts` lists them all.
 */
export interface Editor<H extends object = object> {
  /** What links, options and files say. */
  name: string;
  title: string;
  paper: { title: string; authors: string; year: number; url: string };
  /** One sentence: what it does and what it costs. */
  about: string;
  /** How the page begins to speak of it where many facts are written. */
  lead?: string;
  /** Whether several facts are written one after the other, or at once. */
  facts: "one" | "many";
  /** Names are keys of the settings. */
  fields: readonly Field[];
  /** What of a search's steps is drawn beside the loss. */
  curves: readonly { name: string; label: string }[];
  /** The settings for a model, and in one sentence where they come from. */
  preset(config: ModelConfig): { settings: H; source: string };
  /** The layers whose C it reads. */
  statistics(settings: H): number[];
  /** The templates that a run would sample, so that many runs may share them; none where it samples none. */
  contexts?(
    model: Model,
    settings: H,
    at: { seed: number } & Stoppable,
  ): Promise<string[] | string[][]>;
  /** Takes what a run takes into the ledger and gives it back; how many keys are solved for with one C at once. */
  footprint(on: Footprint, job: EditJob<H>): { columns: number };
  /** The same job made smaller, step by step; none where it cannot be. */
  smaller?(job: EditJob<H>): { change: string; job: Partial<EditJob<H>> }[];
  /**
   * Writes facts into the model as it is now, edits that are switched on included. The model itself stays unchanged;
   * apply the delta to it.
   *
   * @throws one sentence for a fact, setting or statistics that do not fit
   */
  run(model: Model, facts: EditRequest[], settings: H, at: EditContext): Promise<Edit>;
}

/** An edit by its sizes, in tokens, for a plan of memory. All facts count as long as the longest. */
export interface EditJob<H extends object = object> {
  /** Tokens of the prompt. */
  prompt: number;
  /** The first and the last token of the subject. */
  subject: [first: number, last: number];
  /** Tokens of the target. */
  target: number;
  facts: number;
  /** Facts that are searched for together; by default as many as fit. */
  batch?: number | undefined;
  settings: H;
}

/** What a run needs beside its settings. Where no objective and no stop is given, the targets are made likely. */
export interface EditContext extends Stoppable, SearchGoal {
  /** Of everything that is sampled. */
  seed: number;
  /** C of a layer; undefined where there is none. */
  statistics: (layer: number) => Promise<LayerStatistics | undefined>;
  /** Templates with one `{}` each, instead of sampled ones; in groups for editors that have groups. */
  contexts?: string[] | string[][] | undefined;
  /** Where what was found for a fact outlives a run. Not used while other edits are on. */
  values?: ValueCache | undefined;
  /** Texts that no edit is about: their perplexity is measured after every so many facts, where facts go one by one. */
  neutral?: { texts: string[]; every: number } | undefined;
  /** Ends the search; what is found by then is written. */
  enough?: AbortSignal | undefined;
  /** Facts that are searched for together. */
  batch?: number | undefined;
  onEvent?: ((event: EditEvent) => void) | undefined;
}

/** Vectors [n] that outlive a run, by name. */
export interface ValueCache {
  get(name: string): Promise<Float32Array | undefined>;
  set(name: string, value: Float32Array): Promise<void>;
}

/** One look at the loss of a search; its other numbers are the editor's own, by name. */
export type SearchStep = { step: number; loss: number; probability: number } & Record<
  string,
  number
>;

/** What happens while facts are written. Facts are counted from 0 in the order they were given. */
export type EditEvent =
  | { type: "stage"; stage: string }
  | { type: "step"; fact: number; step: SearchStep }
  | { type: "found"; fact: number; cached: boolean; step?: SearchStep | undefined }
  | { type: "layer"; layer: number; residual: number }
  | {
      type: "edited";
      fact: number;
      probability: number;
      relativeNorm: number;
      perplexity?: number | undefined;
    }
  | { type: "perplexity"; perplexity: number };

/** A number that tells how an edit went. */
export interface Measure {
  /** The key under which files have it. */
  name: string;
  /** Of which layer, where it is of one. */
  layer?: number | undefined;
  label: string;
  value: number;
  hint?: string | undefined;
  /** What is to be thought of the value, where it is unusual. */
  warning?: string | undefined;
}

/** Statistics that an edit used. */
export interface UsedStatistics {
  layer: number;
  source: string;
  count: number;
  sampleSize?: number | undefined;
  /** Of the model whose keys they are of, where they say so. */
  precision?: string | undefined;
}

/** What an edit is and how it came about. */
export interface Edit {
  delta: Delta;
  /** Which of the facts were written. */
  written: number[];
  /** The largest ‖ΔW‖ / ‖W‖ (Frobenius). */
  relativeNorm: number;
  /** Per fact written, the course of its search; no steps where its value was known before. */
  searches: { fact: number; steps: SearchStep[] }[];
  contexts: string[] | string[][];
  /** What was read; empty where C = I. */
  statistics: UsedStatistics[];
  measures: Measure[];
  /** The vectors and the course of the search, for comparison with other programs. */
  report(): Record<string, NpyArray>;
}
