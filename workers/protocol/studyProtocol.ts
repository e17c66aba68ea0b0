import type { Case } from "../../src/data/facts/facts.ts";
import type { Field } from "../../src/data/settings/Field.ts";

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
  /** The methods by their names, those that it is made for first, and which are taken where none is chosen. */
  methods: readonly (readonly [name: string, title: string])[];
  chosen: string[];
  /** The precision that the model must be open in. */
  precision?: string | undefined;
}

/** What the page asks of a new study. */
export interface NewStudy {
  study: string;
  /** What differs from the presets, by the fields' names. */
  settings: Partial<Record<string, string>>;
  methods: string[];
  seed: number;
  /** A file of cases; the facts that come with the page where absent. */
  cases?: File | undefined;
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
  /** Whether the files that it reads are kept. */
  resumable: boolean;
  begun: string;
  rows: number;
  total?: number | undefined;
  /** Mean of the rows so far. */
  secondsPerRow?: number | undefined;
}

/** A study's results as the page shows them; made from its rows alone. */
export interface StudyView {
  head: StudyHead;
  settings: [name: string, value: string][];
  tables: { name: string; title?: string | undefined; columns: string[]; rows: string[][] }[];
  figures: { name: string; svg: string }[];
  failed: number;
  /** Why there is no table yet. */
  nothing?: string | undefined;
  /** The cases that it is about, to be opened one by one. */
  cases: Case[];
  /** The terminal's call that makes the same rows. */
  command: string;
}
