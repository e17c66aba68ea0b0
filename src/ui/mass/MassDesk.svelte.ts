import { parseFactTable, type TableFact } from "../../data/facts/factTable.ts";
import type { RemoteLab } from "../../../workers/connect.ts";
import type {
  Fact,
  MassEvent,
  MassOrder,
  MassView,
  ModelView,
  SequenceStep,
  TableScoreView,
} from "../../../workers/protocol/protocol.ts";
import { contradictions, factRows, type FactRow } from "./factRows.ts";
import {
  linesOf,
  memitDefaults,
  memitSettings,
  numberOf,
  romeDefaults,
  romeSettings,
  type MemitField,
  type RomeField,
} from "../edit/fields.ts";
import type { Job } from "../parts/Job.svelte.ts";
import { neutralStatements, spread } from "./neutralText.ts";

/** How facts are written. */
export type MassMethod = MassOrder["method"];

/** What the session lends. */
export interface MassHost {
  lab(): RemoteLab["mass"];
  /** A job of which one is under way at a time; undefined where it failed or was ended. */
  run<T>(
    name: "mass" | "table",
    stage: string,
    work: (id: number) => Promise<T>,
  ): Promise<T | undefined>;
  jobs: Record<"mass" | "table", Job>;
  callback<F extends (...values: never[]) => void>(call: F): F;
  model(): ModelView | null;
  facts(): Fact[];
  report(error: unknown): void;
  notify(notice: string): void;
  /** Takes a finished run into the stack of edits. */
  made(view: MassView): Promise<void>;
}

/** The facts that are on the page. */
export interface FactsOnPage {
  name: string;
  facts: TableFact[];
  /** Numbers of facts that another one contradicts. */
  contradictions: number[];
}

/** A run on the page: how it goes, and its end. */
export interface MassRun {
  method: MassMethod;
  planned: number;
  /** Layers that are written, and the mean residual before each. */
  layers: { layer: number; residual: number }[];
  /** Edits in sequence. */
  steps: SequenceStep[];
  perplexityBefore: number;
  made: MassView | null;
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
  method = $state<MassMethod>("memit");
  /** Fields that differ from the model's presets. */
  memitText = $state.raw<Partial<Record<MemitField, string>>>({});
  romeText = $state.raw<Partial<Record<RomeField, string>>>({});
  /** Texts, one per line, whose perplexity is measured; true statements of the page's facts where empty. */
  neutralText = $state("");
  /** The perplexity is measured after every so many edits. */
  everyText = $state("");
  run = $state.raw<MassRun | null>(null);
  scores = $state.raw<TableScoreView | null>(null);
  /** Layers that a run would need statistics of and has none. */
  missing = $state.raw<number[]>([]);
  /** True from the wish to stop with what is found until the run has ended. */
  stopping = $state(false);
  /** Found states that this browser keeps. */
  kept = $state.raw({ vectors: 0, bytes: 0 });

  found = $derived(this.rows.filter(({ stage }) => stage === "found" || stage === "cached").length);
  cached = $derived(this.rows.filter(({ stage }) => stage === "cached").length);
  /** Measure after every so many edits, unless the reader says otherwise. */
  everyPreset = $derived(String(Math.max(1, Math.ceil(this.rows.length / 50))));
  /** The texts whose perplexity is measured. */
  neutral = $derived.by(() => {
    const own = linesOf(this.neutralText);
    return own.length ? own : neutralStatements(this.#host.facts(), this.table?.facts ?? []);
  });
  readonly #host: MassHost;
  /** Counts the runs: what an older one leaves behind is not taken for the newest's. */
  #turn = 0;

  constructor(host: MassHost) {
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
      const some = numberOf("number of facts", count, { integer: true, min: 1, max: all.length });
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
    Object.assign(this, { run: null, scores: null, memitText: {}, romeText: {} });
    if (this.table) this.rows = factRows(this.table.facts);
  }

  /** Looks up which layers have no statistics, and how many found states are kept. */
  async look() {
    const layers = this.#layers();
    try {
      this.missing = layers.length ? await this.#host.lab().missing(layers) : [];
      this.kept = await this.#host.lab().kept();
    } catch {
      // The worker is gone; the page says so elsewhere.
    }
  }

  async write() {
    const model = this.#host.model();
    const table = this.table;
    if (!model || !table) return;
    const turn = ++this.#turn;
    const made = await this.#host.run("mass", "preparing", async (id) => {
      const order = this.#order(model, table.facts);
      this.#begin(order);
      const report = this.#host.callback((events: MassEvent[]) => {
        if (this.#host.jobs.mass.id === id) this.#took(events, order);
      });
      return this.#host.lab().write(id, order, report);
    });
    if (turn !== this.#turn) return;
    this.stopping = false;
    if (made) {
      this.#finish(made);
      await this.#host.made(made);
    } else this.#stopped();
    await this.look();
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
      return this.#host.lab().score(id, table.facts, report);
    });
    if (scores) this.scores = scores;
  }

  async forget() {
    await this.#host.lab().forget();
    await this.look();
  }

  #take(facts: TableFact[], name: string) {
    const rows = factRows(facts);
    Object.assign(this, { rows, run: null, scores: null });
    this.table = { name, facts, contradictions: contradictions(rows) };
    this.#host.report(null);
  }

  /** The layers that a run needs statistics of; none while they are mistyped. */
  #layers(): number[] {
    const model = this.#host.model();
    if (!model) return [];
    const { layers } = model.config;
    try {
      if (this.method === "memit") {
        const text = { ...memitDefaults(model.memit), ...this.memitText };
        return memitSettings(text, model.memit, layers).hyperparameters.layers;
      }
      const text = { ...romeDefaults(model.preset), ...this.romeText };
      const { hyperparameters } = romeSettings(text, model.preset, layers);
      return hyperparameters.covariance === "C" ? [hyperparameters.layer] : [];
    } catch {
      return [];
    }
  }

  #order(model: ModelView, table: TableFact[]): MassOrder {
    const facts = table.map(({ prompt, subject, target }) => ({ prompt, subject, target }));
    const { layers } = model.config;
    if (this.method === "memit") {
      const text = { ...memitDefaults(model.memit), ...this.memitText };
      return { method: "memit", facts, ...memitSettings(text, model.memit, layers) };
    }
    const text = { ...romeDefaults(model.preset), ...this.romeText };
    const every = numberOf("measure every", this.everyText || this.everyPreset, {
      integer: true,
      min: 1,
    });
    if (!this.neutral.length)
      throw new Error(
        "no neutral text: the table has all of the page’s facts; give some sentences",
      );
    const neutral = this.neutral;
    return {
      method: "sequence",
      facts,
      neutral,
      every,
      ...romeSettings(text, model.preset, layers),
    };
  }

  #begin({ method, facts, hyperparameters }: MassOrder) {
    const planned = method === "memit" ? hyperparameters.steps : facts.length;
    const unknown = { layers: [], steps: [], perplexityBefore: NaN, made: null };
    this.run = { method, planned, ...unknown };
    this.rows = factRows(facts);
    this.scores = null;
    this.stopping = false;
  }

  #took(events: MassEvent[], order: MassOrder) {
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
        run.steps.push(event.step);
        const { fact, probability } = event.step;
        rows[fact] = { ...rows[fact], stage: "written", p: probability };
      } else rows[event.fact] = { ...rows[event.fact], ...changed(event) };
    }
    Object.assign(this, { rows, run });
    if (this.#host.jobs.mass.stage === LAST) return;
    if (order.method === "memit") this.#tellSearch(order.hyperparameters.layers.length);
    else if (run.steps.length) this.#tellSequence(order.facts.length);
  }

  #stage(stage: string) {
    const { mass } = this.#host.jobs;
    mass.progress(mass.done, mass.total, stage);
  }

  /** MEMIT's progress: steps of facts, and layers. Those from the cache cost nothing. */
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

  #finish(made: MassView) {
    const written: boolean[] = [];
    for (const i of made.written) written[i] = true;
    this.rows = this.rows.map((row, i) => ({
      ...row,
      stage: written[i] ? "written" : "left",
      now: made.after[i],
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
function changed(event: Extract<MassEvent, { type: "step" | "found" }>): Partial<FactRow> {
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

function remembered(): { text: string; name: string } | null {
  try {
    return JSON.parse(sessionStorage.getItem(STORED) ?? "null") as ReturnType<typeof remembered>;
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
