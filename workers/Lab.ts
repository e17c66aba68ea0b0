import { parseFacts } from "../src/data/facts/facts.ts";
import { parseJson } from "../src/data/outside/readJson.ts";
import type { Delta } from "../src/data/delta/delta.ts";
import { architectureOf } from "../src/engine/architecture/architectures.ts";
import { browserStore } from "../src/engine/files/download/browserStore.ts";
import { Model } from "../src/engine/Model.ts";
import { urlFiles, type ModelFiles } from "../src/engine/files/ModelFiles.ts";
import type { Runtime } from "../src/engine/runtime/Runtime.ts";
import type { openWebRuntime } from "../src/engine/runtime/webRuntime.ts";
import { whileLoading } from "../src/engine/storage/modelLock.ts";
import { OtherTabs, type TabChange } from "../src/engine/storage/OtherTabs.ts";
import { editorViews } from "../src/methods/edit/editorViews.ts";
import { editors } from "../src/methods/edit/editors.ts";
import { predict } from "../src/methods/prompt/predict.ts";
import { wholeAnswer } from "../src/methods/prompt/wholeAnswer.ts";
import { tracePreset } from "../src/methods/trace/tracePreset.ts";
import { subjectRange, subjectSpan } from "../src/methods/prompt/subject.ts";
import { Asking } from "./Asking.ts";
import { Editing } from "./Editing.ts";
import { Earlier } from "./Earlier.ts";
import { Edits } from "./Edits.ts";
import { type Fetched, fetchModel } from "./model/fetchModel.ts";
import { HeldEdits } from "./HeldEdits.ts";
import { lazily } from "./lazily.ts";
import { Models } from "./model/Models.ts";
import { nameOf } from "../src/engine/files/openSource.ts";
import type * as View from "./protocol/protocol.ts";
import { releaseCallback } from "./callback.ts";
import { Queue } from "./Queue.ts";
import { Runs } from "./runs/Runs.ts";
import { Scoring } from "./Scoring.ts";
import { Sigmas } from "./run/Sigmas.ts";
import { Statistics } from "./Statistics.ts";
import type { TableRow } from "../src/data/tables/TableRow.ts";
import { Tracing } from "./run/Tracing.ts";

const none: Delta[] = [];

/**
 * Everything the page may ask of the worker. Arguments and results cross threads by copy; a job's
 * number, its first argument, is what {@link Lab.cancel} takes. Jobs run one after the other.
 */
export class Lab {
  readonly #held: Promise<void>;
  readonly #openRuntime: typeof openWebRuntime;
  readonly #queue = new Queue({
    frame: (work) => (this.#model ? this.#model.frame(work) : work()),
    between: (work) => this.#aside(work),
  });
  readonly #tabs = new OtherTabs();
  readonly #edits = new HeldEdits(() => this.#loaded(), undefined, this.#tabs);
  /** The edits that the worker holds: switching, keeping, importing, saving. */
  readonly edits = new Edits({
    queue: this.#queue,
    held: this.#edits,
    model: (deltas) => this.#with(deltas),
    statistics: (layer) => this.statistics.of(layer),
  });
  /** The model with its edits, saved whole. */
  readonly export = lazily(async () => {
    const { ModelExport } = await import("./ModelExport.ts");
    return new ModelExport({
      queue: this.#queue,
      held: this.#edits,
      files: () => this.#files,
    });
  });
  /** Covariance statistics: collecting, importing, keeping. */
  readonly statistics = new Statistics({
    queue: this.#queue,
    config: () => this.#loaded().config,
    identity: () => this.#loaded().identity,
    model: () => this.#with(none),
    files: () => this.#files,
    changed: () => this.#tabs.tell({ kind: "statistics", model: this.#model?.stamp }),
  });
  /** What earlier versions of the page have kept. */
  readonly earlier = new Earlier({
    queue: this.#queue,
    held: this.#edits,
    model: () => this.#model,
    keepStatistics: (statistics, date) => this.statistics.take(statistics, date),
  });
  /** Causal tracing. */
  readonly tracing = new Tracing({
    queue: this.#queue,
    model: (deltas) => this.#with(deltas),
    held: this.#edits,
    sigmas: new Sigmas(() => this.#subjects()),
  });
  /** Writing facts, one or many. */
  readonly editing = new Editing({
    queue: this.#queue,
    model: (deltas) => this.#with(deltas),
    held: this.#edits,
    statistics: this.statistics,
  });
  /** Scoring one case, or a table of facts. */
  readonly scoring = new Scoring({
    queue: this.#queue,
    model: (deltas) => this.#with(deltas),
    held: this.#edits,
  });
  /** The history of runs. */
  readonly runs = new Runs({
    held: this.#edits,
    changed: () => this.#tabs.tell({ kind: "runs" }),
  });
  /** Continuing any text. */
  readonly asking = new Asking({
    queue: this.#queue,
    model: (deltas) => this.#with(deltas),
    held: this.#edits,
  });
  /** Many facts under one question, in rows that the browser keeps. */
  readonly studying = lazily(async () => {
    const { Studying } = await import("./study/Studying.ts");
    return new Studying({
      queue: this.#queue,
      model: (deltas) => this.#with(deltas),
      stamp: () => this.#model?.stamp,
      runtime: () => this.#opened(),
      files: () => this.#files,
      own: async (name) => new TextDecoder().decode(await urlFiles(this.#base).read(name)),
      table: async (id) => {
        const rows: TableRow[] = [];
        const open = await this.tables.open(id, (some) => void rows.push(...some));
        return open && { name: open.head.name, rows };
      },
      statistics: this.statistics,
    });
  });
  /** Models that could be opened: what they need, and which are kept. */
  readonly models = new Models({
    queue: this.#queue,
    runtime: () => this.#opened(),
    base: () => this.#base,
    changed: () => this.#tabs.tell({ kind: "models" }),
  });
  /** Tables of facts: reading, keeping, asking which are known. */
  readonly tables = lazily(async () => {
    const { Tables } = await import("./tables/Tables.ts");
    return new Tables({
      queue: this.#queue,
      model: () => this.#with(none),
      stamp: () => this.#loaded().stamp,
      changed: () => this.#tabs.tell({ kind: "tables" }),
    });
  });
  #lose!: (reason: string) => void;
  readonly #lost = new Promise<string>((resolve) => (this.#lose = resolve));
  #runtime: Runtime | undefined;
  #base = "";
  #model: Model | undefined;
  #files: ModelFiles | undefined;
  /** The deltas that the model has at the moment. */
  #applied: Delta[] = none;
  #facts: View.Fact[] = [];

  /**
   * @param held settles when the worker holds the lock by which the page knows that it lives
   * @param openRuntime opens what computes
   */
  constructor(held: Promise<void>, openRuntime: typeof openWebRuntime) {
    this.#held = held;
    this.#openRuntime = openRuntime;
  }

  /** Opens the runtime. `base` is where the page's own files lie. */
  open(id: number, base: string, preference?: "webgpu" | "wasm"): Promise<View.DeviceView> {
    return this.#queue.run(id, "starting", async () => {
      this.#base = new URL(".", base).href;
      const opened = await this.#openRuntime(preference);
      this.#runtime = opened.runtime;
      const { description, fallbackReason } = opened;
      const { provider, device } = opened.runtime;
      void device?.lost.then(({ reason, message }) => {
        if (reason !== "destroyed") this.#lose(`the graphics device was lost: ${message}`);
      });
      return { provider, description, notice: fallbackReason };
    });
  }

  /** Answers when the worker holds the lock by which the page knows that it lives. */
  started(): Promise<void> {
    return this.#held;
  }

  /** Resolves, with the reason, when the graphics device is gone; never otherwise. */
  lost(): Promise<string> {
    return this.#lost;
  }

  /** The true facts that come with the page. */
  async facts(): Promise<View.Fact[]> {
    const bytes = await urlFiles(this.#base).read("facts.json");
    return (this.#facts = parseFacts(parseJson(bytes, "facts.json"), { what: "facts.json" }));
  }

  /**
   * Loads a model in the place of the one before, which stays where loading fails. What can be kept is downloaded first,
   * beside the queue, so that the model before can be used in the meantime.
   */
  async load(
    id: number,
    order: View.ModelOrder,
    report: (progress: View.LoadProgress) => void,
  ): Promise<View.ModelView> {
    const doing = `loading ${nameOf(order.source)}`;
    try {
      return await this.#queue.aside(id, doing, async (stop) => {
        const where = { store: browserStore(), signal: stop, report };
        const fetched = await whileLoading(() => fetchModel(order, this.#base, where));
        this.#tabs.tell({ kind: "models" });
        const replace = (signal: AbortSignal) => this.#replace(order, fetched, signal);
        return this.#queue.run(id, { doing, urgency: "alone" }, replace);
      });
    } finally {
      releaseCallback(report);
    }
  }

  async #replace(
    { source, precision }: View.ModelOrder,
    { files, report }: Fetched,
    signal: AbortSignal,
  ): Promise<View.ModelView> {
    const model = await Model.load(this.#opened(), files, {
      signal,
      precision,
      onProgress: (done, total, tensor) => report({ stage: "converting", done, total, tensor }),
    });
    await this.#model?.dispose();
    model.giveWay = () => this.#queue.giveWay();
    this.#model = model;
    this.#files = files;
    this.#applied = none;
    this.#edits.modelChanged();
    const views = editorViews(model.config);
    this.statistics.reset();
    // What the editor that is offered first reads; where it is damaged, an edit says so.
    for (const layer of editors[0].statistics(views[0].preset))
      await this.statistics.of(layer).catch(() => undefined);
    return {
      config: model.config,
      identity: model.identity,
      family: architectureOf(model.config).title,
      toy: source.kind === "demo",
      precision: model.precision,
      bytes: model.ledger.bytes,
      offline: files.offline ?? false,
      editors: views,
      tracing: tracePreset(model.config),
      statistics: this.statistics.view(),
    };
  }

  /** The editors' names, as links have them. */
  editorNames(): string[] {
    return editors.map(({ name }) => name);
  }

  /** The prompt's tokens and where the subject is among them. */
  tokenize(prompt: string, subject?: string, occurrence = 0): View.TokensView {
    const { tokenizer } = this.#loaded();
    const ids = tokenizer.encode(prompt);
    const span = subject ? subjectSpan(prompt, subject, occurrence) : undefined;
    return {
      ids,
      texts: tokenizer.spellings(ids),
      subject: span && subjectRange(tokenizer, span, ids),
    };
  }

  /** The likeliest next tokens without and with the edits. */
  predict(id: number, prompt: string, top: number): Promise<View.PredictionView> {
    const { deltas } = this.#edits.freeze();
    const work = async () => {
      const before = await predict(this.#with(none), prompt, top);
      if (!deltas.length) return { prompt, before };
      return { prompt, before, after: await predict(this.#with(deltas), prompt, top) };
    };
    return this.#queue.run(id, { doing: "predicting", urgency: "answer" }, work);
  }

  /** What the model without edits answers by itself, as words. */
  wholeAnswer(id: number, prompt: string): Promise<string> {
    return this.#queue.run(id, { doing: "predicting", urgency: "answer" }, (signal) =>
      wholeAnswer(this.#with(none), prompt, { signal }),
    );
  }

  /** Reports what other tabs change of what the browser keeps, as long as it is of use to this page. */
  follow(report: (change: TabChange) => void): void {
    this.#tabs.listen((change) => {
      if (change.model === undefined || change.model === this.#model?.stamp) report(change);
    });
  }

  cancel(id: number): void {
    this.#queue.cancel(id);
  }

  /** Has a job stand still at its next step, or go on. */
  pause(id: number, held: boolean): void {
    this.#queue.pause(id, held);
  }

  /** Reports all jobs, now and whenever one begins, ends, or is in another state. */
  followJobs(report: (jobs: View.JobView[]) => void): void {
    this.#queue.follow(report);
  }

  /** Those of the page's facts, which are read here where the page has not asked for them: the worker may be a new one. */
  async #subjects(): Promise<string[]> {
    const facts = this.#facts.length ? this.#facts : await this.facts();
    return facts.map(({ subject }) => subject);
  }

  #loaded(): Model {
    if (!this.#model) throw new Error("no model is loaded; open one first");
    return this.#model;
  }

  /** The model with these deltas and no other. */
  #with(deltas: Delta[]): Model {
    const model = this.#loaded();
    if (deltas !== this.#applied) model.setDeltas(deltas.flatMap(({ weights }) => weights));
    this.#applied = deltas;
    return model;
  }

  /** Work between two steps of other work, whose deltas are put back. */
  async #aside<T>(work: () => Promise<T>): Promise<T> {
    const applied = this.#applied;
    this.#applied = none;
    try {
      return await this.#loaded().between(work);
    } finally {
      this.#applied = applied;
    }
  }

  #opened(): Runtime {
    if (!this.#runtime) throw new Error("the runtime is not open; reload the page");
    return this.#runtime;
  }
}
