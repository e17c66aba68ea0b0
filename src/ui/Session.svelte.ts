import type { Connection } from "../../workers/connect.ts";
import type {
  DeviceView,
  EarlierEntry,
  EarlierTaken,
  Fact,
  FinishedEdit,
  ModelOrder,
  ModelView,
  StatisticsOverview,
  TabChange,
} from "../../workers/protocol/protocol.ts";
import { AskDesk } from "./ask/AskDesk.svelte.ts";
import { CompareDesk } from "./score/CompareDesk.svelte.ts";
import type { Compared } from "../data/run/runDifferences.ts";
import { Draft } from "./fact/Draft.svelte.ts";
import { PromptDesk } from "./fact/PromptDesk.svelte.ts";
import { EditStack } from "./edit/EditStack.svelte.ts";
import { RewriteDesk } from "./edit/RewriteDesk.svelte.ts";
import { FactsDesk } from "./facts/FactsDesk.svelte.ts";
import { JobsDesk } from "./jobs/JobsDesk.svelte.ts";
import { type JobName, PageJobs } from "./jobs/PageJobs.svelte.ts";
import { MassDesk } from "./facts/MassDesk.svelte.ts";
import { addressOf } from "./model/modelAddress.ts";
import { EarlierDesk } from "./model/EarlierDesk.svelte.ts";
import { ModelDesk } from "./model/ModelDesk.svelte.ts";
import { labelOf } from "./model/precisionText.ts";
import { LinkDesk } from "./link/LinkDesk.svelte.ts";
import { pageAddress } from "./link/pageAddress.ts";
import { linkHost } from "./link/linkHost.ts";
import { RunsDesk } from "./runs/RunsDesk.svelte.ts";
import { keepForGood } from "./parts/keepForGood.ts";
import { messageOf } from "./parts/sentence.ts";
import { ExportDesk, folderPicker } from "./edits/ExportDesk.svelte.ts";
import { TraceDesk } from "./trace/TraceDesk.svelte.ts";
import { StatisticsDesk } from "./statistics/StatisticsDesk.svelte.ts";
import { StudiesDesk } from "./study/StudiesDesk.svelte.ts";
import { type Address, decodeAddress, type Spot } from "./place/address.ts";
import { Places } from "./place/Places.svelte.ts";
import { type Death, WorkerKeeper } from "./model/WorkerKeeper.ts";

/** What the page shows, and the only object that talks to the worker. */
export class Session {
  device = $state.raw<DeviceView | null>(null);
  model = $state.raw<ModelView | null>(null);
  facts = $state.raw<Fact[]>([]);
  /** News that is no error: the worker was restarted, storage is full. */
  notices = $state.raw<string[]>([]);
  /** False after the worker died too often to be started once more unasked. */
  alive = $state(true);
  /** True where the model of the page could not be loaded into a new worker. */
  stranded = $state(false);

  readonly places = new Places();
  /** Whether the address of the visit, or an example, is filled in: from then on the address follows. */
  filled = $state(false);
  readonly draft = new Draft();
  readonly #work = new PageJobs({
    lab: () => this.#lab,
    callback: (call) => this.#callback(call),
    ended: (name, problem) => this.working.ended(name, problem),
  });
  readonly jobs = this.#work.all;

  readonly working = new JobsDesk({
    lab: () => this.#lab,
    jobs: this.jobs,
    cancel: (name) => this.cancel(name as JobName),
  });

  readonly stack = new EditStack({
    lab: () => this.#lab.edits,
    run: (stage, work) =>
      this.#work.run("stack", stage, (id) => work(id, this.#work.progress("stack", id))),
    identity: () => this.model?.identity,
    number: () => this.#work.number(),
    changed: () => this.#editsChanged(),
    report: (error) => this.report("stack", error),
    notify: (notice) => this.notify(notice),
    kept: () => void keepForGood(),
  });

  readonly saving = new ExportDesk({
    lab: () => this.#lab.export,
    run: (stage, work) =>
      this.#work.run("export", stage, (id) => work(id, this.#work.progress("export", id))),
    active: () => this.stack.active,
    report: (error) => this.report("export", error),
    pick: folderPicker(),
  });

  readonly models = new ModelDesk({
    lab: () => this.#lab.models,
    run: (name, stage, work) => this.#work.run(name, stage, work),
    stop: (name) => this.cancel(name),
    load: (order) => this.load(order),
    report: (error) => this.report("plan", error),
    restart: () => this.restart(),
  });

  readonly earlier = new EarlierDesk({
    lab: () => this.#lab.earlier,
    ...this.#work.of("kept"),
    took: (taken, entry) => this.#tookEarlier(taken, entry),
  });

  readonly statistics = new StatisticsDesk({
    lab: () => this.#lab.statistics,
    ...this.#work.of("statistics"),
    took: (answer) => this.#tookStatistics(answer),
    layers: () => this.model?.config.layers,
  });

  readonly studies = new StudiesDesk({
    lab: () => this.#lab.studying,
    ...this.#work.of("study"),
    progress: (done, total, stage) => this.jobs.study.progress(done, total, stage),
    ended: (run) => void this.runs.studied(run),
  });

  readonly rewriting = new RewriteDesk({
    lab: () => this.#lab.editing,
    ...this.#work.of("edit"),
    model: () => this.model,
    draft: this.draft,
    ownAnswer: () => this.reading.ownAnswer(),
    now: () => this.now,
    made: async (finished, truth) => {
      await this.#made(finished, truth);
      await this.comparing.compare();
    },
  });

  readonly asking = new AskDesk({
    lab: () => this.#lab.asking,
    ...this.#work.of("ask"),
    model: () => this.model,
    edits: () => this.stack.active,
    draft: this.draft,
    ended: (view) => void this.runs.asked(view),
  });

  /** What the model makes of the prompt. */
  readonly reading = new PromptDesk({
    lab: () => this.#lab,
    ...this.#work.of("prompt"),
    end: () => this.#work.clear("prompt"),
    counts: (id) => this.jobs.prompt.id === id,
    number: () => this.#work.number(),
    model: () => this.model,
    draft: this.draft,
  });

  readonly tracing = new TraceDesk({
    lab: () => this.#lab.tracing,
    ...this.#work.of("trace"),
    model: () => this.model,
    draft: this.draft,
    now: () => this.now,
    ended: (run) => {
      this.link.came("trace");
      void this.runs.traced(run);
    },
  });

  readonly comparing = new CompareDesk({
    lab: () => this.#lab.scoring,
    ...this.#work.of("compare"),
    model: () => this.model,
    draft: this.draft,
    ownAnswer: () => this.reading.ownAnswer(),
    now: () => this.now,
    ended: (found) => void this.runs.scored(found),
  });

  /** The history of all that ended. */
  readonly runs = new RunsDesk({
    lab: () => this.#lab.runs,
    notify: (notice) => this.notify(notice),
    kept: () => void keepForGood(),
    traces: (set) => this.tracing.show(set),
    scores: (comparison) => this.comparing.show(comparison),
    text: (view) => this.asking.show(view),
    open: (model, precision) =>
      this.models.openLink({ model, precision: precision as ModelView["precision"] }),
    table: (context, result) => this.tables.showRun(context, result),
    study: async (result) => this.places.go("studies", await this.studies.open(result)),
  });

  /** What links bring beside the form. */
  readonly link: LinkDesk = new LinkDesk(linkHost(this, () => this.#lab.runs));

  readonly tables = new FactsDesk({
    lab: () => this.#lab.tables,
    scoring: () => this.#lab.scoring,
    ...this.#work.of("table"),
    model: () => this.model,
    facts: () => this.facts,
    active: () => this.stack.active,
    now: () => this.now,
    ended: (...found) => void this.runs.tabled(...found),
    notify: (notice) => this.notify(notice),
    go: (table) => this.places.go("facts", table),
  });

  readonly mass = new MassDesk({
    lab: () => this.#lab.editing,
    ...this.#work.of("mass"),
    model: () => this.model,
    facts: () => this.facts,
    toWrite: () => ({ table: this.tables.head?.id ?? "", rows: this.tables.toWrite }),
    notify: (notice) => this.notify(notice),
    draft: this.draft,
    made: (finished) => this.#made(finished),
  });

  readonly #worker: WorkerKeeper;
  /** The view of the address, until it is filled in. */
  #asked: string | null = null;
  /** The editors' names, as links have them. */
  #methods: string[] = [];
  #order: ModelOrder = { source: { kind: "demo" } };

  constructor(connect: () => Connection) {
    this.#worker = new WorkerKeeper(connect, (death) => void this.#revive(death));
  }

  /** Opens the runtime, the facts and the model that the address names; fills in an example. */
  async start(hash: string) {
    this.#asked = hash;
    this.places.follow(decodeAddress(hash));
    this.models.take(decodeAddress(hash).view);
    await this.#begin("starting");
  }

  /** The address that brings back what is shown, or another place as it is now. */
  address = (spot: Spot = this.places.spot): Address => pageAddress(this, spot);

  /** Goes where the address says. One that was typed or pasted may ask for another model; Back and Forward do not. */
  async follow(hash: string) {
    const address = decodeAddress(hash, this.#methods);
    const { model } = this.draft;
    this.places.follow(address);
    this.#fill(address);
    this.link.arrive(address.view, this.places.isOurs);
    if (this.places.isOurs) this.draft.model = model;
    if (this.draft.model === model) return this.link.settle();
    await this.models.openLink({ ...address.view, model: this.draft.model });
    if (this.model) this.draft.model = addressOf(this.#order.source);
  }

  /** Fills in what an address carries; one without a view leaves all as it is. */
  #fill({ place, view }: Address) {
    const { model } = view;
    if (model !== undefined) this.draft.model = model;
    if (!Object.keys(view).length) return;
    if (place === "fact") this.draft.restore(view, this.facts);
    if (place === "studies") this.studies.follow(view);
    if (place !== "facts") return;
    this.draft.restoreMany(view);
    this.tables.linked = view.table ?? "";
  }

  /** Loads a model; the one before stays where that fails. */
  async load(order: ModelOrder) {
    this.models.began();
    const loaded = await this.#work.run("model", "opening the model", (id) =>
      this.#lab.load(
        id,
        order,
        this.#callback((progress) => {
          if (this.jobs.model.id === id) this.models.went(progress);
        }),
      ),
    );
    if (loaded) return this.#take(loaded, order);
    if (!this.jobs.model.running) await this.models.stopped(order);
  }

  async #take(loaded: ModelView, order: ModelOrder) {
    const same = this.model?.identity.stamp === loaded.identity.stamp;
    const label = this.model && labelOf(this.model);
    this.#order = { ...order, precision: loaded.precision };
    this.draft.model = addressOf(order.source);
    this.model = loaded;
    this.stranded = false;
    this.models.loaded(order);
    if (label !== labelOf(loaded)) {
      this.tracing.clear();
      this.comparing.clear();
      this.reading.clear();
      this.rewriting.clear();
      this.runs.clear();
    }
    if (!same) {
      this.mass.reset();
      await this.tables.modelChanged();
      await this.stack.restore();
    }
    await this.applyEdits();
    await this.earlier.refresh();
    await this.link.settle();
  }

  /** The model and the edits that a run would begin with now. */
  get now(): Compared {
    return { model: this.model?.identity, edits: this.stack.asRun };
  }

  /** The prompt's tokens. */
  get tokens() {
    return this.reading.tokens;
  }

  /** What the model goes on with, without and with the edits. */
  get prediction() {
    return this.reading.prediction;
  }

  /** Reads the prompt as it stands; called whenever it changes. */
  readPrompt = () => this.reading.read();

  /** What the form says is another now: what was wrong with it before is no longer said. */
  formChanged() {
    this.#work.forget(["trace", "edit", "compare"]);
  }

  /** Takes a finished edit into the stack, and switches it on. */
  async #made(finished: FinishedEdit, truth = "") {
    const { edit, atHand } = finished;
    void this.runs.made(finished);
    if (this.model) this.model = { ...this.model, statistics: atHand };
    this.stack.add(edit, truth);
    await this.applyEdits();
  }

  /** Switches on what the stack says, and looks at the prompt again. */
  async applyEdits() {
    await this.stack.apply();
    await this.reading.read();
  }

  /** Edits and statistics of an earlier version, for the model that is open. */
  async #tookEarlier({ edits, unread }: EarlierTaken, { kind }: EarlierEntry): Promise<boolean> {
    if (unread) this.notify(`${unread} of these edits cannot be read, and stay as they were kept`);
    if (kind === "statistics") await this.statistics.refresh();
    if (kind !== "edits") return true;
    for (const { edit, on, truth } of edits) this.stack.add(edit, truth, on);
    await this.applyEdits();
    return this.stack.durable;
  }

  #tookStatistics(answer: StatisticsOverview) {
    if (this.model) this.model = { ...this.model, statistics: answer.atHand };
    if (answer.notice) this.notify(answer.notice);
  }

  /** What went wrong, by the name of the job. */
  get problems() {
    return this.#work.problems;
  }

  cancel(name: JobName) {
    this.#work.cancel(name);
  }

  /** Puts what went wrong outside a job, in a download, where it belongs; null takes it away. */
  report(name: JobName, error: unknown) {
    this.#work.report(name, error);
  }

  notify(notice: string) {
    if (!this.notices.includes(notice)) this.notices = [...this.notices, notice];
  }

  dismiss(gone: string) {
    this.notices = this.notices.filter((notice) => notice !== gone);
  }

  /** Starts a new worker, loads the model again and gives it the edits. */
  async restart() {
    this.#stopJobs();
    this.#worker.restart();
    this.alive = true;
    await this.#begin("restarting");
  }

  /** Ends every job and the worker; the page is going away. */
  close() {
    this.#stopJobs();
    this.#worker.end();
  }

  #stopJobs() {
    this.#work.stop();
  }

  get #lab() {
    return this.#worker.lab;
  }

  async #begin(stage: string) {
    const opened = await this.#work.run("model", stage, async (id) => {
      this.device = await this.#worker.openDevice(id, this.models.device);
      this.models.known = await this.#lab.models.known();
      this.#methods = await this.#lab.editorNames();
      await this.#lab.follow(this.#callback((change) => void this.#otherTab(change)));
      await this.#lab.followJobs(this.#callback((told) => this.working.took(told)));
      if (!this.facts.length) this.facts = await this.#lab.facts().catch(this.#withoutFacts);
      return true;
    });
    if (!opened) return;
    if (this.#asked === null) return this.reload();
    const address = decodeAddress(this.#asked, this.#methods);
    const { place, view } = address;
    this.#asked = null;
    // Who types while the page still opens is not written over.
    if (this.facts.length && !this.draft.prompt.trim()) this.draft.take(this.facts[0]);
    this.#fill(address);
    this.link.arrive(view, this.places.isOurs);
    this.filled = true;
    await this.models.openLink({ ...view, model: this.draft.model });
    if (
      place === "fact" &&
      this.model?.toy &&
      !this.tracing.set &&
      this.tracing.isPreset(view.trace)
    )
      await this.tracing.trace();
  }

  /** The model and its edits, into a new worker: from what is kept, where there is no connection. */
  async reload() {
    await this.load(this.#order);
    this.stranded = this.model !== null && this.problems.model !== undefined;
  }

  /** Another tab of this page has changed what the browser keeps. It ends no job of this one. */
  async #otherTab({ kind }: TabChange) {
    const { stack, statistics, kept } = this.jobs;
    while (kind === "edits" && stack.running) await new Promise((wake) => setTimeout(wake, 200));
    if (kind === "edits" && this.model) await this.applyEdits();
    if (kind === "statistics" && this.statistics.shown && !statistics.running)
      await this.statistics.refresh();
    if (kind === "tables") await this.tables.refresh(true);
    if (kind === "runs") await this.runs.refresh();
    if (kind === "models" && this.models.shown && !kept.running) await this.models.refresh();
  }

  #withoutFacts = (error: unknown): Fact[] => {
    this.notify(`the example facts could not be read: ${messageOf(error)}`);
    return [];
  };

  async #revive({ what, tooOften }: Death) {
    this.#stopJobs();
    this.#work.problems = {};
    if (tooOften) {
      this.alive = false;
      this.problems.model = `${what}, for the third time in a minute; close other tabs or choose a smaller model, then restart it. Your text and edits are still here.`;
      return;
    }
    this.notify(
      `${what}. It was started again; your text and edits are kept, run again what was under way.`,
    );
    await this.restart();
  }

  async #editsChanged() {
    await this.applyEdits();
    if (this.comparing.comparison) await this.comparing.compare();
  }

  #callback<F extends (...values: never[]) => void>(call: F): F {
    return this.#worker.callback(call);
  }
}
