import type { RemoteLab } from "../../../workers/connect.ts";
import type { FinishedRun, StudyResult } from "../../data/run/Run.ts";
import type {
  NewStudy,
  RowsAsked,
  RowsShown,
  StudyHead,
  StudyOffer,
  StudyProgress,
  StudyView,
} from "../../../workers/protocol/protocol.ts";
import { StudyDraft } from "./StudyDraft.svelte.ts";

type RemoteStudying = RemoteLab["studying"];

/** What the desk is given of the session. */
interface StudiesHost {
  lab(): RemoteStudying;
  /** Runs a job that is under way at most once; undefined where it failed, which is told. */
  run<T>(stage: string, work: (id: number) => Promise<T>): Promise<T | undefined>;
  stop(): void;
  /** The progress line of the job. */
  progress(done: number, total: number, stage: string): void;
  callback<T extends (...values: never[]) => void>(call: T): T;
  report(error: unknown): void;
  /** A study is done. */
  ended?(run: FinishedRun): void;
}

/** The parts of a study, in their order. */
export const studyTabs = ["plan", "run", "results", "files"] as const;
export type StudyTab = (typeof studyTabs)[number];

/** Rows that are shown at once. */
export const ROWS = 25;

/** The studies of the page: those that are kept, the one that is looked at, and the form of a new one. */
export class StudiesDesk {
  offers = $state.raw<StudyOffer[]>([]);
  kept = $state.raw<StudyHead[]>([]);
  /** What is looked at, as far as it is. */
  view = $state.raw<StudyView | null>(null);
  /** Some of its rows, and which. */
  rows = $state.raw<RowsShown | null>(null);
  asked = $state.raw<RowsAsked>({ from: 0, count: ROWS });
  tab = $state<StudyTab>("plan");
  /** The study that runs, and how far it is. */
  running = $state.raw<{ id: string; progress: StudyProgress } | null>(null);
  readonly draft = new StudyDraft();
  readonly #host: StudiesHost;
  #shown = "";

  constructor(host: StudiesHost) {
    this.#host = host;
  }

  /** Takes what a link says. */
  follow({ tab }: { tab?: string | undefined }) {
    const found = studyTabs.find((known) => known === tab);
    if (found) this.tab = found;
  }

  /** Looks again at what is kept and what can be begun. */
  async refresh() {
    try {
      this.offers = await this.#host.lab().offers();
      this.kept = await this.#host.lab().list();
    } catch (error) {
      this.#host.report(error);
    }
  }

  /** Shows a study; none for the empty name. */
  async look(id: string) {
    if (this.#shown !== id) {
      this.view = null;
      this.rows = null;
      this.asked = { from: 0, count: ROWS };
    }
    this.#shown = id;
    if (!id) return;
    try {
      const view = await this.#host.lab().view(id);
      if (this.#shown !== id) return;
      this.view = view;
      await this.ask(this.asked);
    } catch (error) {
      if (this.#shown === id) this.#host.report(error);
    }
  }

  /** Shows other rows, or the same in another order. */
  async ask(asked: RowsAsked) {
    const id = this.#shown;
    this.asked = asked;
    const rows = await this.#host.lab().rows(id, asked);
    if (this.#shown === id && this.asked === asked) this.rows = rows;
  }

  /** Keeps a new study and measures a sample of its work; answers what it is called by. */
  async begin(order: NewStudy): Promise<string | undefined> {
    const id = await this.#host.run("choosing the cases", (job) =>
      this.#host.lab().begin(job, order, this.#host.callback(this.#told(""))),
    );
    await this.refresh();
    if (id) this.tab = "plan";
    if (id) await this.#ended(id);
    return id;
  }

  /** Tells of a study that is done. */
  async #ended(id: string) {
    try {
      const run = await this.#host.lab().finished(id);
      if (run) this.#host.ended?.(run);
    } catch (error) {
      this.#host.report(error);
    }
  }

  /** A kept run's study, under what this browser calls it by. */
  open = (study: StudyResult): Promise<string> => this.#host.lab().open(study);

  /** Goes on with a study until it is done or stopped. */
  async resume(id: string) {
    this.tab = "run";
    await this.#host.run("running the study", async (job) => {
      this.running = { id, progress: { rows: 0, doing: "" } };
      try {
        await this.#host.lab().resume(job, id, this.#host.callback(this.#told(id)));
      } finally {
        this.running = null;
      }
    });
    await this.refresh();
    if (this.#shown === id) await this.look(id);
    const done = this.kept.find((head) => head.id === id)?.done;
    if (done && this.#shown === id && this.tab === "run") this.tab = "results";
    await this.#ended(id);
  }

  /** Stops the study that runs; its rows are kept. */
  async stop() {
    this.#host.stop();
    this.running = null;
    await this.refresh();
  }

  async delete(id: string) {
    await this.#host.lab().delete(id);
    await this.refresh();
  }

  /** Takes a study from a zip; answers what it is called by. */
  async take(file: File): Promise<string | undefined> {
    return this.#toTell(async () => {
      const id = await this.#host.lab().take(file);
      await this.refresh();
      return id;
    });
  }

  /** Gives a study that came from elsewhere its file of cases. */
  async supply(id: string, file: File) {
    await this.#toTell(() => this.#host.lab().supply(id, file));
    await this.refresh();
    if (this.#shown === id) await this.look(id);
  }

  /** The files of the study that is looked at. */
  zip = (id: string): Promise<Uint8Array> => this.#host.lab().zip(id);

  async #toTell<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await work();
      this.#host.report(null);
      return result;
    } catch (error) {
      this.#host.report(error);
      return undefined;
    }
  }

  /** What a run reports; the results grow as the rows come, looked at again at most every few seconds. */
  #told(id: string): (progress: StudyProgress) => void {
    let looked = performance.now();
    return (progress) => {
      const { rows, total, doing } = progress;
      this.#host.progress(rows, total ?? 0, doing);
      if (!id) return;
      this.running = { id, progress };
      if (performance.now() - looked < LOOK_MS || this.#shown !== id) return;
      looked = performance.now();
      void this.look(id);
    };
  }
}

const LOOK_MS = 2500;

/** How far a study is, from 0 to 1; undefined where it cannot be told. */
export function fractionOf({ rows, total, done }: StudyHead): number | undefined {
  if (done) return 1;
  return total ? Math.min(1, rows / total) : undefined;
}

/**
 * What is left of a study, in seconds: by the mean of the rows that there are, by its plan before there are any; undefined
 * where it cannot be told.
 */
export function secondsLeft({ rows, total, seconds, plan, done }: StudyHead): number | undefined {
  if (done) return 0;
  if (rows === 0 || total === undefined) return plan && Math.max(0, plan.seconds - seconds);
  const byRows = (Math.max(0, total - rows) * seconds) / rows;
  // Rows of one study need not take the same: its plan knows of those that are still to come.
  return plan && seconds < plan.seconds / 10 ? plan.seconds - seconds : byRows;
}
