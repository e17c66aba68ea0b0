import type { RemoteLab } from "../../../workers/connect.ts";
import type {
  EditorView,
  EditOrder,
  EditReport,
  Fact,
  FinishedEdit,
  MissingStatistics,
  ModelView,
} from "../../../workers/protocol/protocol.ts";
import { fieldValue } from "../../data/settings/fieldValue.ts";
import { factRequest, rowFact } from "../../data/tables/rowFact.ts";
import { byId } from "../../data/tables/rowSets.ts";
import type { TableRow } from "../../data/tables/TableRow.ts";
import { chosenSettings, plannedSteps, type Typed } from "../edit/editorSettings.ts";
import type { DeskHost } from "../jobs/DeskHost.ts";
import { keepForGood } from "../parts/keepForGood.ts";
import { linesOf } from "../parts/linesOf.ts";
import { type RunRow, waiting } from "./factRows.ts";
import { neutralStatements } from "./neutralText.ts";

/** What the session lends. */
export interface MassDeskHost extends DeskHost {
  lab(): RemoteLab["editing"];
  facts(): Fact[];
  /** The rows of the open table that are to be written now, and its id. */
  toWrite(): { table: string; rows: TableRow[] };
  notify(notice: string): void;
  /** Takes a finished run into the stack of edits. */
  made(finished: FinishedEdit): Promise<void>;
}

/** One edit of a sequence. */
export type SequenceStep = Omit<Extract<EditReport, { type: "edited" }>, "type">;

/** A run on the page: how it goes, and its end. */
export interface MassRun {
  /** The id of the table that its rows are of. */
  table: string;
  editor: EditorView;
  /** Steps of a search. */
  planned: number;
  /** How many layers will be written. */
  targets: number;
  /** Layers that are written, and the mean residual before each. */
  layers: { layer: number; residual: number }[];
  /** Edits in sequence. */
  steps: SequenceStep[];
  perplexityBefore: number;
  made: FinishedEdit | null;
}

/** What writing one layer counts for beside the search for a fact. */
const LAYER = 0.05;
/** The stage after everything that is counted. */
const LAST = "asking the model for every fact again";

/** The run that writes rows of a table of facts: with what, how far it is, and what came of it. */
export class MassDesk {
  /** The rows that the run was begun with, in their order. */
  rows = $state.raw<RunRow[]>([]);
  /** Texts, one per line, whose perplexity is measured; true statements of the page's facts where empty. */
  neutralText = $state("");
  /** The perplexity is measured after every so many edits. */
  everyText = $state("");
  run = $state.raw<MassRun | null>(null);
  /** What statistics a run would lack. */
  missing = $state.raw<MissingStatistics>({ layers: [], instead: undefined });
  /** True from the wish to stop with what is found until the run has ended. */
  stopping = $state(false);
  /** Found states that this browser keeps. */
  values = $state.raw({ vectors: 0, bytes: 0 });

  found = $derived(this.rows.filter(({ stage }) => stage === "found" || stage === "cached").length);
  cached = $derived(this.rows.filter(({ stage }) => stage === "cached").length);
  /** The run's rows by their ids. */
  byRow = $derived(byId(this.rows));
  /** Measure after every so many edits, unless the reader says otherwise. */
  everyPreset = $derived.by(() =>
    String(Math.max(1, Math.ceil(this.#host.toWrite().rows.length / 50))),
  );
  /** The texts whose perplexity is measured. */
  neutral = $derived.by(() => {
    const own = linesOf(this.neutralText);
    return own.length ? own : neutralStatements(this.#host.facts(), this.#host.toWrite().rows);
  });
  readonly #host: MassDeskHost;
  /** Counts the runs: what an older one leaves behind is not taken for the newest's. */
  #turn = 0;

  constructor(host: MassDeskHost) {
    this.#host = host;
  }

  /** Another model or table is there: what was found out with the one before is of no use. */
  reset() {
    if (this.#host.job.running) return;
    Object.assign(this, { run: null, rows: [] });
  }

  /** The editor that facts are written with. */
  editor(model: ModelView): EditorView {
    return this.#host.draft.editor(model.editors, true);
  }

  /** What is typed of its fields. */
  typed(editor: EditorView): Typed {
    return this.#host.draft.typed(editor);
  }

  /** Finds out what statistics a run would lack, and how many found states are kept. */
  async prepare() {
    const model = this.#host.model();
    if (!model) return;
    const editor = this.editor(model);
    try {
      const { settings } = this.#settings(model, editor);
      this.missing = await this.#host.lab().missing(editor.name, settings);
    } catch {
      // What is mistyped is said when it is run; that the worker is gone, elsewhere.
      this.missing = { layers: [], instead: undefined };
    }
    this.values = await this.#host
      .lab()
      .keptValues()
      .catch(() => this.values);
    if (this.values.vectors) await keepForGood();
  }

  async write() {
    const model = this.#host.model();
    const { table, rows } = this.#host.toWrite();
    if (!model || !rows.length) return;
    const turn = ++this.#turn;
    const made = await this.#host.run("preparing", async (id) => {
      const editor = this.editor(model);
      const order = this.#order(model, editor, rows);
      this.#begin(editor, order, { table, rows });
      const report = this.#host.callback((events: EditReport[]) => {
        if (this.#host.job.id === id) this.#took(events);
      });
      return this.#host.lab().edit(id, order, report);
    });
    if (turn !== this.#turn) return;
    this.stopping = false;
    if (made) {
      this.#finish(made);
      await this.#host.made(made);
    } else this.#stopped();
    await this.prepare();
  }

  /** Ends the search; what is found by then is written. */
  keepFound() {
    this.stopping = true;
    void this.#host.lab().keepFound(this.#host.job.id);
  }

  async forget() {
    await this.#host.lab().forgetValues();
    await this.prepare();
  }

  #settings(model: ModelView, editor: EditorView) {
    return chosenSettings(editor, this.typed(editor), model.config.layers);
  }

  #order(model: ModelView, editor: EditorView, rows: TableRow[]): EditOrder {
    const facts = rows.map((row) => factRequest(rowFact(row)));
    const { settings, seed } = this.#settings(model, editor);
    const neutral = this.#neutral(editor);
    return { editor: editor.name, facts, settings, seed, neutral, answers: true };
  }

  /** What is measured as the edits go one by one, or before and after where they are made at once. */
  #neutral(editor: EditorView): EditOrder["neutral"] {
    if (editor.facts === "many")
      return this.neutral.length ? { texts: this.neutral, every: 1 } : undefined;
    const kind = { type: "number", whole: true, min: 1 } as const;
    const label = "Measure every";
    const every = fieldValue({ label, kind }, this.everyText || this.everyPreset) as number;
    if (!this.neutral.length)
      throw new Error(
        "no neutral text: the table has all of the page’s facts; give some sentences",
      );
    return { texts: this.neutral, every };
  }

  #begin(
    editor: EditorView,
    { settings }: EditOrder,
    { table, rows }: { table: string; rows: TableRow[] },
  ) {
    const named = settings as Record<string, unknown>;
    const layers = editor.fields.find(({ kind }) => kind.type === "layers");
    const targets = layers ? (named[layers.name] as number[]).length : 1;
    const planned = plannedSteps(named);
    const unknown = { layers: [], steps: [], perplexityBefore: NaN, made: null };
    this.run = { table, editor, planned, targets, ...unknown };
    this.rows = waiting(rows);
    this.stopping = false;
  }

  #took(events: EditReport[]) {
    if (!this.run) return;
    const rows = this.rows.slice();
    const run = { ...this.run, layers: [...this.run.layers], steps: [...this.run.steps] };
    for (const event of events) {
      if (event.type === "stage") this.#stage(event.stage);
      else if (event.type === "notice") this.#host.notify(event.notice);
      else if (event.type === "layer") run.layers.push(event);
      else if (event.type === "perplexity") run.perplexityBefore = event.perplexity;
      else if (event.type === "before")
        event.answers.forEach((old, i) => (rows[i] = { ...rows[i], old }));
      else if (event.type === "edited") {
        run.steps.push(event);
        const { fact, probability } = event;
        rows[fact] = { ...rows[fact], stage: "written", p: probability };
      } else if (event.type !== "target")
        rows[event.fact] = { ...rows[event.fact], ...changed(event) };
    }
    Object.assign(this, { rows, run });
    if (this.#host.job.stage === LAST) return;
    if (run.editor.facts === "many") this.#tellSearch(run.targets);
    else if (run.steps.length) this.#tellSequence(rows.length);
  }

  #stage(stage: string) {
    const { job } = this.#host;
    job.progress(job.done, job.total, stage);
  }

  /** How far many facts at once are: steps of facts, and layers. Those from the cache cost nothing. */
  #tellSearch(layers: number) {
    const { rows, run, cached, found } = this;
    const searched = rows.length - cached;
    if (!run || !(found || rows.some(({ steps }) => steps))) return;
    const done = rows.reduce((sum, { stage, steps }) => {
      if (stage === "found") return sum + 1;
      return stage === "searching" ? sum + Math.min(1, steps / run.planned) : sum;
    }, 0);
    const share = Math.max(1, LAYER * rows.length);
    const writing = found === rows.length || run.layers.length > 0;
    const stage = writing
      ? `writing layer ${Math.min(layers, run.layers.length + 1)} of ${layers}`
      : `searching: ${found} of ${rows.length} facts found${cached ? `, ${cached} from the cache` : ""}`;
    this.#host.job.progress(done + share * run.layers.length, searched + share * layers, stage);
  }

  #tellSequence(facts: number) {
    const done = this.run!.steps.length;
    this.#host.job.progress(done, facts, `${done} of ${facts} facts rewritten`);
  }

  #finish(made: FinishedEdit) {
    const written: boolean[] = [];
    for (const i of made.written) written[i] = true;
    this.rows = this.rows.map((row, i) => ({
      ...row,
      stage: written[i] ? "written" : "left",
      now: made.answers?.after[i],
    }));
    if (this.run) this.run = { ...this.run, made };
  }

  /** The run failed or was discarded: nothing is written. */
  #stopped() {
    this.rows = this.rows.map((row) =>
      row.stage === "searching" || row.stage === "written"
        ? { ...row, stage: "waiting", steps: 0, p: NaN }
        : row,
    );
  }
}

/** What an event of the search says of its fact. */
function changed(event: Extract<EditReport, { type: "step" | "found" }>): Partial<RunRow> {
  const { step } = event;
  const so = step && { steps: step.step + 1, p: step.probability };
  if (event.type === "step") return { stage: "searching", ...so };
  return { stage: event.cached ? "cached" : "found", ...so };
}
