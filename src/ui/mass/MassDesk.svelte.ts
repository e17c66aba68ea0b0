import { bounds } from "../../data/outside/bounds.ts";
import { object, text } from "../../data/outside/kinds.ts";
import { readJson } from "../../data/outside/readJson.ts";
import { parseFactTable, type TableFact } from "../../data/facts/factTable.ts";
import type { RemoteLab } from "../../../workers/connect.ts";
import type {
  EditorView,
  EditOrder,
  EditReport,
  Fact,
  FinishedEdit,
  MissingStatistics,
  ModelView,
  TableScoreView,
} from "../../../workers/protocol/protocol.ts";
import { fieldValue } from "../../data/settings/fieldValue.ts";
import { chosenSettings, plannedSteps, type Typed } from "../edit/editorSettings.ts";
import type { Draft } from "../fact/Draft.svelte.ts";
import type { Job } from "../parts/Job.svelte.ts";
import { keepForGood } from "../parts/keepForGood.ts";
import { linesOf } from "../parts/linesOf.ts";
import { contradictions, factRows, type FactRow } from "./factRows.ts";
import { neutralStatements, spread } from "./neutralText.ts";

/** What the session lends. */
export interface MassDeskHost {
  lab(): RemoteLab["editing"];
  scoring(): RemoteLab["scoring"];
  /** A job of which one is under way at a time; undefined where it failed or was ended. */
  run<T>(
    name: "mass" | "table",
    stage: string,
    work: (id: number) => Promise<T>,
  ): Promise<T | undefined>;
  jobs: Record<"mass" | "table", Job>;
  callback<F extends (...values: never[]) => void>(call: F): F;
  model(): ModelView | null;
  draft: Draft;
  facts(): Fact[];
  report(error: unknown): void;
  notify(notice: string): void;
  /** Takes a finished run into the stack of edits. */
  made(finished: FinishedEdit): Promise<void>;
}

/** The facts that are on the page. */
export interface FactsOnPage {
  name: string;
  facts: TableFact[];
  /** Numbers of facts that another one contradicts. */
  contradictions: number[];
}

/** One edit of a sequence. */
export type SequenceStep = Omit<Extract<EditReport, { type: "edited" }>, "type">;

/** A run on the page: how it goes, and its end. */
export interface MassRun {
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
const STORED = "palimpsest/table";

/** Many facts on the page: the table, the run that writes them, and their scores. */
export class MassDesk {
  table = $state.raw<FactsOnPage | null>(null);
  rows = $state.raw<FactRow[]>([]);
  /** Texts, one per line, whose perplexity is measured; true statements of the page's facts where empty. */
  neutralText = $state("");
  /** The perplexity is measured after every so many edits. */
  everyText = $state("");
  run = $state.raw<MassRun | null>(null);
  scores = $state.raw<TableScoreView | null>(null);
  /** What statistics a run would lack. */
  missing = $state.raw<MissingStatistics>({ layers: [], instead: undefined });
  /** True from the wish to stop with what is found until the run has ended. */
  stopping = $state(false);
  /** Found states that this browser keeps. */
  values = $state.raw({ vectors: 0, bytes: 0 });

  found = $derived(this.rows.filter(({ stage }) => stage === "found" || stage === "cached").length);
  cached = $derived(this.rows.filter(({ stage }) => stage === "cached").length);
  /** Measure after every so many edits, unless the reader says otherwise. */
  everyPreset = $derived(String(Math.max(1, Math.ceil(this.rows.length / 50))));
  /** The texts whose perplexity is measured. */
  neutral = $derived.by(() => {
    const own = linesOf(this.neutralText);
    return own.length ? own : neutralStatements(this.#host.facts(), this.table?.facts ?? []);
  });
  readonly #host: MassDeskHost;
  /** Counts the runs: what an older one leaves behind is not taken for the newest's. */
  #turn = 0;

  constructor(host: MassDeskHost) {
    this.#host = host;
  }

  /** Reads a table from text. */
  read(text: string, name: string) {
    try {
      this.#take(parseFactTable(text, name), name);
      remember(text, name);
    } catch (error) {
      this.#host.report(error);
    }
  }

  async readFile(file: File) {
    this.read(await file.text(), file.name);
  }

  /** Takes some of the page's facts, each with a false answer to write. */
  takeBuiltIn(count: string) {
    try {
      const all = this.#host.facts();
      const kind = { type: "number", whole: true, min: 1, max: all.length } as const;
      const some = fieldValue({ label: "Number of facts", kind }, count) as number;
      const facts = spread(all, some).map(({ newTargets, ...fact }) => ({
        ...fact,
        newTargets: newTargets.filter((target) => target !== fact.target),
      }));
      this.read(JSON.stringify(facts), `${some} facts of the built-in set`);
    } catch (error) {
      this.#host.report(error);
    }
  }

  /** The table of before a reload, where the browser still has it. */
  restore() {
    const stored = this.table ? null : remembered();
    if (stored) this.read(stored.text, stored.name);
  }

  /** Puts the table away. */
  clear() {
    Object.assign(this, { table: null, rows: [], run: null, scores: null });
    forgetTable();
  }

  /** Another model is open: what was found out with the one before is of no use. */
  modelChanged() {
    Object.assign(this, { run: null, scores: null });
    if (this.table) this.rows = factRows(this.table.facts);
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
    const table = this.table;
    if (!model || !table) return;
    const turn = ++this.#turn;
    const made = await this.#host.run("mass", "preparing", async (id) => {
      const editor = this.editor(model);
      const order = this.#order(model, editor, table.facts);
      this.#begin(editor, order);
      const report = this.#host.callback((events: EditReport[]) => {
        if (this.#host.jobs.mass.id === id) this.#took(events);
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
    void this.#host.lab().keepFound(this.#host.jobs.mass.id);
  }

  /** Scores the table with no edit and with the edits that are switched on. */
  async score() {
    const { table } = this;
    if (!table) return;
    const scores = await this.#host.run("table", "scoring the table", (id) => {
      const job = this.#host.jobs.table;
      const report = this.#host.callback((done: number, total: number) => {
        if (job.id === id) job.progress(done, total, "scoring the table");
      });
      return this.#host.scoring().table(id, table.facts, report);
    });
    if (scores) this.scores = scores;
  }

  async forget() {
    await this.#host.lab().forgetValues();
    await this.prepare();
  }

  #take(facts: TableFact[], name: string) {
    const rows = factRows(facts);
    Object.assign(this, { rows, run: null, scores: null });
    this.table = { name, facts, contradictions: contradictions(rows) };
    this.#host.report(null);
  }

  #settings(model: ModelView, editor: EditorView) {
    return chosenSettings(editor, this.typed(editor), model.config.layers);
  }

  #order(model: ModelView, editor: EditorView, table: TableFact[]): EditOrder {
    const facts = table.map(({ prompt, subject, target }) => ({ prompt, subject, target }));
    const neutral = editor.facts === "one" ? this.#neutral() : undefined;
    const { settings, seed } = this.#settings(model, editor);
    return { editor: editor.name, facts, settings, seed, neutral, answers: true };
  }

  /** What is measured as the edits go one by one. */
  #neutral(): EditOrder["neutral"] {
    const kind = { type: "number", whole: true, min: 1 } as const;
    const label = "Measure every";
    const every = fieldValue({ label, kind }, this.everyText || this.everyPreset) as number;
    if (!this.neutral.length)
      throw new Error(
        "no neutral text: the table has all of the page’s facts; give some sentences",
      );
    return { texts: this.neutral, every };
  }

  #begin(editor: EditorView, { facts, settings }: EditOrder) {
    const named = settings as Record<string, unknown>;
    const layers = editor.fields.find(({ kind }) => kind.type === "layers");
    const targets = layers ? (named[layers.name] as number[]).length : 1;
    const planned = plannedSteps(named);
    const unknown = { layers: [], steps: [], perplexityBefore: NaN, made: null };
    this.run = { editor, planned, targets, ...unknown };
    this.rows = factRows(facts);
    this.scores = null;
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
      } else rows[event.fact] = { ...rows[event.fact], ...changed(event) };
    }
    Object.assign(this, { rows, run });
    if (this.#host.jobs.mass.stage === LAST) return;
    if (run.editor.facts === "many") this.#tellSearch(run.targets);
    else if (run.steps.length) this.#tellSequence(rows.length);
  }

  #stage(stage: string) {
    const { mass } = this.#host.jobs;
    mass.progress(mass.done, mass.total, stage);
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
    this.#host.jobs.mass.progress(
      done + share * run.layers.length,
      searched + share * layers,
      stage,
    );
  }

  #tellSequence(facts: number) {
    const done = this.run!.steps.length;
    this.#host.jobs.mass.progress(done, facts, `${done} of ${facts} facts rewritten`);
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
function changed(event: Extract<EditReport, { type: "step" | "found" }>): Partial<FactRow> {
  const { step } = event;
  const so = step && { steps: step.step + 1, p: step.probability };
  if (event.type === "step") return { stage: "searching", ...so };
  return { stage: event.cached ? "cached" : "found", ...so };
}

/** The table outlives a reload, where it is small enough for the browser's storage. */
function remember(text: string, name: string) {
  try {
    sessionStorage.setItem(STORED, JSON.stringify({ text, name }));
  } catch {
    forgetTable();
  }
}

const table = object({ text, name: text });

function remembered(): { text: string; name: string } | null {
  try {
    const stored = sessionStorage.getItem(STORED);
    return stored === null ? null : readJson(stored, table, "the table", { bytes: bounds.cases });
  } catch {
    return null;
  }
}

function forgetTable() {
  try {
    sessionStorage.removeItem(STORED);
  } catch {
    // There is nothing to forget where nothing can be stored.
  }
}
