import type { PlotFigure } from "../data/figure/PlotFigure.ts";
import type { Field } from "../data/settings/Field.ts";
import type { Case } from "../data/facts/facts.ts";
import type { Row } from "../data/rows/rows.ts";
import type { ModelConfig } from "../engine/architecture/config.ts";
import type { Precision } from "../engine/checkpoint/precision.ts";
import type { Model } from "../engine/Model.ts";
import type { Stoppable } from "../engine/runtime/Stoppable.ts";
import type { Editing, EditingChoice } from "./Editing.ts";
import type { Selection } from "./Selection.ts";
import type { StudyAbout } from "./StudyAbout.ts";
import type { Table } from "./Table.ts";
import type { Work } from "./plan/Work.ts";

/**
 * Many facts, many settings: cases in, rows out. What stops in the middle goes on from its rows, may be done in shards,
 * and is summed up from its rows alone, in the page and in the terminal alike.
 *
 * @typeParam S its settings: a value per field
 * @typeParam R its summary, plain JSON
 */
export interface Study<S extends object = object, R extends object = object> {
  /** What the terminal, links and files call it. */
  name: string;
  title: string;
  /** One sentence: what it asks. */
  about: string;
  /** What its figures may look like, made up: a small picture of it. */
  sketch?: StudySketch | undefined;
  fields: readonly Field[];
  /** What holds where a field is left alone; one that is absent may be left empty. */
  defaults: S;
  /** The editing methods it takes: one, several side by side, or one under a grid of settings; none where absent. */
  editors?: "one" | "several" | "grid" | undefined;
  /** Methods that it is made for come first, so that the first of them is taken where none is named. */
  suits?(editor: EditingChoice["editor"]): boolean;
  /** Files it reads besides the cases. */
  inputs?: readonly StudyInput[] | undefined;
  /** The precision its model is opened with, where that is not for the reader to say. */
  precision?: Precision | undefined;
  /** Which cases it is about; all of the file, or the first `limit`, where absent. */
  select?(at: SelectContext<S>): Promise<Selection>;
  /**
   * The rows that are wanted and not there yet, as they come; several at once are kept together. A row is yielded at the
   * end of the work that made it.
   */
  rows(at: StudyContext<S>): AsyncGenerator<Row | readonly Row[]>;
  /** How many rows it makes once its cases are chosen; absent where only the work tells. */
  size?(about: StudyAbout<S>): number;
  /** What that work is made of, so that it can be measured by a sample before it is done. */
  work?(about: StudyAbout<S>, config: ModelConfig): readonly Work[];
  /** The methods and the settings that it tries them with, where these are others than its methods' own. */
  tries?(about: Pick<StudyAbout<S>, "settings" | "methods">): { name: string; settings: object }[];
  /** The rows in the order of their keys, each once; not all need to be there. Throws where they say nothing yet. */
  summarise(rows: readonly Row[], about: StudyAbout<S>): R;
  tables(summary: R, about: StudyAbout<S>): Table[];
  figures?(summary: R, about: StudyAbout<S>): PlotFigure[];
}

/** A few lines or groups of bars, from 0 to 1. */
export interface StudySketch {
  kind: "lines" | "bars";
  series: readonly (readonly number[])[];
}

/** A text file that a study reads besides its cases. */
export interface StudyInput {
  /** The terminal's option. */
  name: string;
  hint: string;
  /** The page's own file that is read where none is named, under public/. */
  builtIn?: string | undefined;
}

/** A case and its place in the file of cases, from 0, which is in its rows' keys. */
export interface PlacedCase {
  place: number;
  fact: Case;
}

/** What a study chooses its cases with. */
export interface SelectContext<S extends object> extends Stoppable {
  model: Model;
  settings: S;
  seed: number;
  /** All cases of the file. */
  all: readonly Case[];
  /** The texts of {@link Study.inputs}, by their names. */
  inputs: Readonly<Record<string, string>>;
  /** The chosen editing methods with their settings; one, under a grid. */
  editings: readonly Editing[];
  onProgress?: ((sentence: string) => void) | undefined;
  /** Told what matters in a log, too. */
  onNotice?: ((sentence: string) => void) | undefined;
}

/** What a study makes its rows with. */
export interface StudyContext<S extends object> extends SelectContext<S> {
  /** The chosen cases of this shard. */
  cases: readonly PlacedCase[];
  chosen: Selection;
  /** Whether the i-th of any list that is no list of cases is of this shard. */
  mine: (i: number) => boolean;
  /** Whether a row is not there yet. */
  wants: (key: string) => boolean;
  /** The same model at another precision. Dispose of it. */
  open: (precision: Precision) => Promise<Model>;
}
