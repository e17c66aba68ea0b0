import type { RemoteLab } from "../../../workers/connect.ts";
import type {
  AskView,
  ComparisonView,
  FinishedEdit,
  FinishedRun,
  Run,
  RunHead,
  TableScoreView,
  TraceRun,
} from "../../../workers/protocol/protocol.ts";
import type { RunContext, RunKind } from "../../data/run/RunContext.ts";
import { type StudyResult, type TableResult, titleOf } from "../../data/run/Run.ts";
import { shown } from "../../data/outside/shown.ts";
import { modelName } from "../../data/run/command.ts";
import { download } from "../parts/download.ts";
import { messageOf } from "../parts/sentence.ts";
import type { TraceSet } from "../trace/running.ts";
import { comparisonOf, repeats, traceSetOf } from "./shownRun.ts";

/** What the session lends. */
export interface RunsHost {
  lab(): RemoteLab["runs"];
  notify(notice: string): void;
  /** Something worth keeping was kept. */
  kept(): void;
  /** Figures of a kept run, to be drawn again. */
  traces(set: TraceSet): void;
  /** Scores of a kept run, to be shown again. */
  scores(comparison: ComparisonView): void;
  /** A continued text of a kept run, to be shown again. */
  text?(view: AskView): void;
  /** Opens another model, by what links call it. */
  open?(model: string, precision: string): Promise<void>;
  /** Goes to the table or the study of a kept run. */
  table?(context: RunContext, result: TableResult): Promise<void>;
  study?(result: StudyResult): Promise<void>;
}

/** The history of runs on the page: what the browser keeps of every run that ended, and two of them side by side. */
export class RunsDesk {
  list = $state.raw<RunHead[]>([]);
  /** Those that are marked to be compared, at most two. */
  marked = $state.raw<string[]>([]);
  /** Two runs side by side. */
  pair = $state.raw<[Run, Run] | null>(null);
  /** Of each kind the run whose results are to be seen in their place. */
  shown = $state.raw<Partial<Record<RunKind, string>>>({});
  /** An edit of which the numbers are shown. */
  detail = $state.raw<Run | null>(null);
  /** What was said last of a thing done: a command that was copied, runs that were taken. */
  said = $state("");
  /** What went wrong here, as a sentence. */
  problem = $state("");
  readonly #host: RunsHost;

  constructor(host: RunsHost) {
    this.#host = host;
  }

  /** Reads what is kept; also after another tab has changed it. */
  async refresh() {
    await this.#try(async () => {
      this.list = await this.#host.lab().list();
      const there = this.list.map(({ id }) => id);
      this.marked = this.marked.filter((id) => there.includes(id));
    });
  }

  traced({ context, traces }: TraceRun) {
    return this.#keep({ context, result: { kind: "trace", traces } });
  }

  scored({ context, ...scores }: ComparisonView) {
    return this.#keep({ context, result: { kind: "score", ...scores } });
  }

  made({ context, edit, steps, measures, answers, statistics }: FinishedEdit) {
    const { digest, method, facts, relativeNorm } = edit;
    const about = { kind: "edit", digest, method, facts, relativeNorm } as const;
    return this.#keep(
      { context, result: { ...about, steps, measures, answers, statistics } },
      edit.id,
    );
  }

  /** A text that was continued. */
  asked({ context, before, after }: AskView) {
    return this.#keep({ context, result: { kind: "text", before, after } });
  }

  /** A table that was scored. */
  tabled(
    { context, before, after }: TableScoreView,
    { name, facts }: Pick<TableResult, "name" | "facts">,
  ) {
    return this.#keep({ context, result: { kind: "table", name, facts, before, after } });
  }

  /** A study that is done. */
  studied(run: FinishedRun) {
    return this.#keep(run);
  }

  /**
   * Keeps what has ended.
   *
   * @param made what the stack calls the edit that was made, where it was one
   */
  async #keep(run: FinishedRun, made?: string) {
    await this.#try(async () => {
      const known = await this.#repeats(run);
      if (known) return this.#see(run.result.kind, known);
      const { head, trouble } = await this.#host.lab().keep(run, made);
      this.#see(head.kind, head.id);
      this.list = [head, ...this.list.filter(({ id }) => id !== head.id)];
      if (trouble) this.#host.notify(trouble);
      else this.#host.kept();
    });
  }

  #see(kind: RunKind, id: string) {
    this.shown = { ...this.shown, [kind]: id };
  }

  /** Another model is open: nothing is to be seen of a run. */
  clear() {
    this.shown = {};
  }

  /** The kept run that is this one, as where the page traces its example at each visit. */
  async #repeats(run: FinishedRun) {
    this.list = await this.#host.lab().list();
    const title = titleOf(run);
    const alike = this.list.filter(
      (head) => head.kind === run.result.kind && title.startsWith(head.title),
    );
    for (const { id } of alike) if (repeats(run, await this.#host.lab().open(id))) return id;
    return undefined;
  }

  /** Shows a run in its place again. */
  async show(id: string) {
    await this.#try(async () => {
      const run = await this.#host.lab().open(id);
      const [set, comparison] = [traceSetOf(run), comparisonOf(run)];
      if (set) this.#host.traces(set);
      if (comparison) this.#host.scores(comparison);
      const { context, result } = run;
      this.#see(result.kind, id);
      if (result.kind === "text") this.#host.text?.({ context, ...result });
      if (result.kind === "table") await this.#host.table?.(context, result);
      if (result.kind === "study") await this.#host.study?.(result);
      this.detail = result.kind === "edit" ? run : null;
      this.said = result.kind === "edit" ? "" : "shown in its place, as it was when it ran";
    });
  }

  /** Opens the model of a run, as a link to it would: what comes from elsewhere is asked about. */
  async openModel(id: string) {
    await this.#try(async () => {
      const { model } = (await this.#host.lab().open(id)).context;
      const name = modelName(model);
      if (name !== "demo" && !/^https?:|^[^/]+\/[^/]+/.test(name))
        throw new Error(
          `the model of this run, ${shown(name, 80)}, was opened from a folder of a computer; open that folder with “Open a model…”`,
        );
      await this.#host.open?.(name, model.precision);
    });
  }

  async rename(id: string, name: string) {
    await this.#note(id, { name: name.trim() });
  }

  async pin(id: string, pinned: boolean) {
    await this.#note(id, { pinned });
  }

  async remove(id: string) {
    await this.#try(async () => {
      await this.#host.lab().remove([id]);
      this.list = this.list.filter((run) => run.id !== id);
      this.marked = this.marked.filter((other) => other !== id);
      if (this.detail?.id === id) this.detail = null;
      if (this.pair?.some((run) => run.id === id)) this.pair = null;
    });
  }

  /** Marks a run to be compared, in the place of the one marked first where there are two; or takes the mark away. */
  async mark(id: string) {
    const others = this.marked.filter((other) => other !== id);
    this.marked = others.length < this.marked.length ? others : [...others.slice(-1), id];
    await this.#compare();
  }

  /** A and B change places. */
  swap() {
    if (this.pair) this.pair = [this.pair[1], this.pair[0]];
  }

  /** One run, or all that are kept, as a zip for the reader's downloads. */
  async save(ids = this.list.map(({ id }) => id)) {
    await this.#try(async () => {
      const { name, bytes, type } = await this.#host.lab().save(ids);
      download(name, bytes, type);
    });
  }

  /** Takes the runs of a zip. */
  async take(file: File) {
    await this.#try(async () => {
      const { ids, added, refused, trouble } = await this.#host.lab().take(file);
      await this.refresh();
      const known = ids.length - added;
      this.said = `${added === 1 ? "one run" : `${added} runs`} taken${known ? `, ${known} were here already` : ""}`;
      for (const sentence of refused) this.#host.notify(sentence);
      if (trouble) this.#host.notify(trouble);
    });
  }

  /** Puts the terminal's calls that repeat a run on the clipboard. */
  async copyCommand(id: string) {
    await this.#try(async () => {
      const { context, result } = await this.#host.lab().open(id);
      await navigator.clipboard.writeText(await this.#host.lab().command({ context, result }));
      this.said = "the command is copied";
    });
  }

  async #compare() {
    this.pair = null;
    const [a, b] = this.marked;
    if (!b) return;
    await this.#try(async () => {
      const lab = this.#host.lab();
      const pair: [Run, Run] = [await lab.open(a), await lab.open(b)];
      if (this.marked[0] === a && this.marked[1] === b) this.pair = pair;
    });
  }

  async #note(id: string, notes: { name?: string; pinned?: boolean }) {
    await this.#try(async () => {
      await this.#host.lab().note(id, notes);
      this.list = this.list.map((run) => (run.id === id ? { ...run, ...notes } : run));
    });
  }

  async #try(work: () => Promise<void>) {
    this.problem = "";
    this.said = "";
    try {
      await work();
    } catch (error) {
      this.problem = messageOf(error);
    }
  }
}
