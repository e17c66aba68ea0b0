import type { PlotFigure } from "../../src/data/figure/PlotFigure.ts";
import type { Case } from "../../src/data/facts/facts.ts";
import type { Field } from "../../src/data/settings/Field.ts";
import type { StudySketch } from "../../src/studies/Study.ts";
import type { StudyPlan } from "../../src/studies/plan/Work.ts";

/** A method that a study may use, with what its form is made from. */
export interface StudyMethod {
  name: string;
  title: string;
  fields: readonly Field[];
  /** What the fields say where nothing is typed, for the model that is open; empty while none is. */
  presets: Record<string, string>;
}

/** A study that can be begun: what its form is made from. */
export interface StudyOffer {
  name: string;
  title: string;
  about: string;
  fields: readonly Field[];
  /** What the fields say where nothing is typed; empty for what may be left out. */
  presets: Record<string, string>;
  /** Whether it edits, and with how many methods. */
  editors?: "one" | "several" | "grid" | undefined;
  /** Those that it is made for first, and which are taken where none is chosen. */
  methods: readonly StudyMethod[];
  chosen: string[];
  /** The precision that the model must be open in. */
  precision?: string | undefined;
  /** A small picture of what its figures may look like. */
  sketch?: StudySketch | undefined;
}

/** Where cases come from, beside the facts that come with the page: a kept table by its id, or a file. */
export type StudyCasesFrom = { table: string } | { file: File };

/** What the page asks of a new study. */
export interface NewStudy {
  study: string;
  /** What differs from the presets, by the fields' names. */
  settings: Partial<Record<string, string>>;
  methods: string[];
  /** The same of the methods' settings, by the methods' names. */
  methodSettings?: Partial<Record<string, Partial<Record<string, string>>>> | undefined;
  seed: number;
  /** The facts that come with the page where absent. */
  cases?: StudyCasesFrom | undefined;
}

/** How far a study is. */
export interface StudyProgress {
  rows: number;
  /** How many there will be; absent where only the work tells, or the cases are not chosen yet. */
  total?: number | undefined;
  /** What it does at the moment. */
  doing: string;
}

/** A study that is kept, for a list. */
export interface StudyHead {
  id: string;
  study: string;
  title: string;
  /** Its methods, how many cases and of which file: what tells it from others. */
  of: string;
  model: string;
  /** Whether its model is the one that is open, so that it may go on. */
  open: boolean;
  /** Whether the files that it reads are kept, and what its file of cases is called. */
  resumable: boolean;
  cases: string;
  begun: string;
  rows: number;
  total?: number | undefined;
  /** Whether there is nothing left to do. */
  done: boolean;
  /** What all of it takes, by the sample that was measured before it began. */
  plan?: StudyPlan | undefined;
  /** What its rows took so far. */
  seconds: number;
}

/** A table of results as texts. */
export interface StudyTable {
  name: string;
  title?: string | undefined;
  columns: string[];
  rows: string[][];
}

/** A study's results as the page shows them; made from its rows alone. */
export interface StudyView {
  head: StudyHead;
  settings: [name: string, value: string][];
  /** How the cases were chosen, a sentence each. */
  filters: string[];
  tables: StudyTable[];
  figures: PlotFigure[];
  failed: number;
  /** Why there is no table yet. */
  nothing?: string | undefined;
  /** The terminal's call that makes the same rows. */
  command: string;
}

/** Which rows of a study to show. */
export interface RowsAsked {
  /** The column that they are ordered by; by their keys where absent. */
  by?: string | undefined;
  descending?: boolean | undefined;
  from: number;
  count: number;
}

/** Some rows of a study. */
export interface RowsShown {
  columns: string[];
  rows: {
    key: string;
    cells: (number | string | null)[];
    /** The fact that it is about, to be opened; none for a row of a group, or where the cases are not here. */
    fact?: Case | undefined;
  }[];
  /** How many there are. */
  total: number;
}
