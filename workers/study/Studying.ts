import type { Case } from "../../src/data/facts/facts.ts";
import type { Delta } from "../../src/data/delta/delta.ts";
import type { FinishedRun, StudyResult } from "../../src/data/run/Run.ts";
import type { Row } from "../../src/data/rows/rows.ts";
import type { ModelFiles } from "../../src/engine/files/ModelFiles.ts";
import { Model } from "../../src/engine/Model.ts";
import type { Runtime } from "../../src/engine/runtime/Runtime.ts";
import { IndexedStudies, type StudySources } from "../../src/engine/storage/IndexedStudies.ts";
import { VectorShelf } from "../../src/engine/storage/VectorShelf.ts";
import type { ValueCache } from "../../src/methods/edit/Editor.ts";
import { editorOf } from "../../src/methods/edit/editors.ts";
import { Editing, recentStatistics } from "../../src/studies/Editing.ts";
import { measureWork } from "../../src/studies/plan/measureWork.ts";
import type { StudyPlan } from "../../src/studies/plan/Work.ts";
import { runStudy, type StudyHost } from "../../src/studies/runStudy.ts";
import { statisticsAbout } from "../../src/studies/statisticsAbout.ts";
import type { Study, StudyContext } from "../../src/studies/Study.ts";
import {
  readAbout,
  type StudyAbout,
  studyAbout,
  type StudyOrder,
} from "../../src/studies/StudyAbout.ts";
import { studies, studyOf, type StudyRegistry } from "../../src/studies/studies.ts";
import { studyRun } from "../../src/studies/history/studyRun.ts";
import { readStudyZip, studyZip } from "../../src/studies/studyZip.ts";
import { studyResults } from "../../src/studies/summariseStudy.ts";
import type {
  NewStudy,
  RowsAsked,
  RowsShown,
  StudyHead,
  StudyOffer,
  StudyProgress,
  StudyView,
} from "../protocol/studyProtocol.ts";
import type { Queue } from "../Queue.ts";
import type { Statistics } from "../Statistics.ts";
import { offerOf, orderOf } from "./studyOffers.ts";
import { readNote, type StudyNote } from "./studyNote.ts";
import { aboutFile, aboutSources, casesIn, fileText, sourcesOf } from "./studySources.ts";
import type { SourcesHost } from "./studySources.ts";
import type { OpenModelAbout } from "../../src/studies/history/commandOfStudy.ts";
import { headOf, rowsShown, viewOf } from "./studyViews.ts";

/** What the Lab lends. */
export interface StudyingHost extends SourcesHost {
  queue: Queue;
  /** The model with these deltas and no other. */
  model(deltas: Delta[]): Model;
  stamp(): string | undefined;
  runtime(): Runtime;
  files(): ModelFiles | undefined;
  statistics: Pick<Statistics, "of">;
}

type Report = (progress: StudyProgress) => void;

/** Covariances that are held at once. */
const KEPT = 2;

/** The Lab's studies: begun, stopped, gone on with, summed up; their rows are kept in the browser as they come. */
export class Studying {
  readonly #host: StudyingHost;
  readonly #kept: IndexedStudies;
  readonly #registry: StudyRegistry;
  readonly #values = new VectorShelf();
  /** Of the study that was looked at last. */
  #cases: { name: string; cases: readonly Case[] } | undefined;

  constructor(host: StudyingHost, kept = new IndexedStudies(), registry = studies) {
    this.#host = host;
    this.#kept = kept;
    this.#registry = registry;
  }

  /** What can be begun, with the presets of the model that is open. */
  offers(): StudyOffer[] {
    return this.#registry.map((study) => offerOf(study, this.#open()?.config));
  }

  /** All that are kept, the newest first; one that cannot be read is left out. */
  async list(): Promise<StudyHead[]> {
    const names = await this.#kept.names();
    const heads = await Promise.all(names.map((id) => this.#head(id).catch(() => undefined)));
    return heads
      .filter((head) => head !== undefined)
      .sort((a, b) => b.begun.localeCompare(a.begun));
  }

  /**
   * Keeps a new study, chooses its cases and measures by a sample what it will take.
   *
   * @returns what the page calls it by
   * @throws one sentence for what is typed or chosen wrongly; nothing is kept then
   */
  begin(id: number, order: NewStudy, report: Report): Promise<string> {
    return this.#host.queue.runReporting(id, `planning the study`, report, async (signal) => {
      const study = studyOf(order.study, this.#registry);
      const model = this.#modelFor(study);
      const sources = await sourcesOf(this.#host, study, order.cases);
      const { cases } = casesIn(sources);
      const about = { model, device: this.#device(), ...(await aboutSources(sources, cases)) };
      const given = orderOf(study, order, about);
      const of = recentStatistics((layer) => this.#statistics(layer), KEPT);
      const full = { ...given, statistics: await statisticsAbout(study, given, of) };
      // What a setting says wrongly is said before the cases are chosen.
      study.size?.(studyAbout(full, { cases: [], filters: [] }));
      const name = crypto.randomUUID();
      await this.#kept.keepSources(name, sources);
      try {
        const plan = await this.#plan(study, { name, order: full, sources }, { report, signal });
        await this.#note(name, { plan });
      } catch (error) {
        await this.#kept.delete(name);
        throw error;
      }
      return name;
    });
  }

  /**
   * Goes on with a study until it is done.
   *
   * @throws one sentence where another model is open, or what it reads is not kept
   */
  resume(id: number, name: string, report: Report): Promise<void> {
    return this.#host.queue.runReporting(id, "running a study", report, async (signal) => {
      const { about } = await this.#part(name);
      const study = studyOf(about.study, this.#registry);
      const sources = await this.#kept.sources(name);
      if (!sources) {
        throw new Error(
          `this study came without its cases; give it ${about.cases.file}, or go on with it in the terminal`,
        );
      }
      await this.#run(
        study,
        { name, order: await this.#now(study, about), sources },
        { report, signal },
      );
      await this.#note(name, { done: true });
    });
  }

  /** Its results as far as it is. */
  async view(name: string): Promise<StudyView> {
    const part = await this.#part(name);
    const head = await this.#head(name);
    return viewOf(head, part, { registry: this.#registry, open: this.#open() });
  }

  /** Some of its rows, each with the fact that it is about. */
  async rows(name: string, asked: RowsAsked): Promise<RowsShown> {
    const { rows } = await this.#part(name);
    return rowsShown(rows, await this.#casesOf(name), asked);
  }

  /**
   * A study as a run for the history, where all of its rows are there.
   *
   * @throws where it is not kept any more
   */
  async finished(name: string): Promise<FinishedRun | undefined> {
    const { about, rows } = await this.#part(name);
    const { done } = await this.#head(name);
    return done ? studyRun(about, rows) : undefined;
  }

  /** What a study of a run is called by here; it is kept where it is not yet. */
  async open({ about: given, rows }: StudyResult): Promise<string> {
    const about = readAbout(given, "the study of the run");
    studyOf(about.study, this.#registry);
    for (const known of await this.#kept.names()) {
      const there = await this.#kept.rows(known).about();
      if (JSON.stringify(there) === JSON.stringify(about)) return known;
    }
    const name = crypto.randomUUID();
    await this.#kept.take(name, about, rows);
    return name;
  }

  /** Its files in one zip, which the terminal sums up as its own. */
  async zip(name: string): Promise<Uint8Array> {
    const { about, rows } = await this.#part(name);
    const cases = (await this.#kept.sources(name))?.cases;
    return studyZip(about, rows, { cases, results: resultsOrNone(about, rows, this.#registry) });
  }

  /**
   * Keeps a study from a zip of the page or of the terminal's folder. With its cases, or where they are the page's own, it
   * can be gone on with.
   *
   * @throws one sentence where it is none
   */
  async take(file: File): Promise<string> {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const { about, rows, cases } = await readStudyZip(bytes, file.name);
    const study = studyOf(about.study, this.#registry);
    const name = crypto.randomUUID();
    await this.#kept.take(name, about, rows);
    await this.#note(name, { seconds: secondsOf(rows) });
    const own = () => sourcesOf(this.#host, study, undefined).then((sources) => sources.cases);
    for (const found of [() => Promise.resolve(cases), own]) {
      const text = await found().catch(() => undefined);
      if (text && (await this.#supplied(name, about, text))) break;
    }
    return name;
  }

  /**
   * Gives a study that came from elsewhere its file of cases.
   *
   * @throws one sentence where it is another file
   */
  async supply(name: string, file: File): Promise<void> {
    const { about } = await this.#part(name);
    if (await this.#supplied(name, about, await fileText(file))) return;
    throw new Error(
      `${file.name} is not the file that this study was begun with: its content is another than that of ${about.cases.file}`,
    );
  }

  /** Forgets a study. */
  delete(name: string): Promise<void> {
    return this.#kept.delete(name);
  }

  /** Keeps a file of cases, and the page's own files beside it, where they are those of the record. */
  async #supplied(name: string, about: StudyAbout, cases: StudySources["cases"]) {
    const { digest } = await aboutFile(cases);
    if (digest !== about.cases.digest) return false;
    const study = studyOf(about.study, this.#registry);
    const { inputs } = await sourcesOf(this.#host, study, undefined);
    for (const [input, { digest: recorded }] of Object.entries(about.inputs)) {
      const file = inputs[input];
      if (!file || (await aboutFile(file)).digest !== recorded) return false;
    }
    await this.#kept.keepSources(name, { cases: { ...cases, file: about.cases.file }, inputs });
    return true;
  }

  async #part(name: string): Promise<{ about: StudyAbout; rows: Row[] }> {
    const store = this.#kept.rows(name);
    const about = await store.about();
    if (about === undefined) throw new Error("this study is not kept in this browser any more");
    return { about: readAbout(about, "the kept study"), rows: await store.read() };
  }

  async #head(name: string): Promise<StudyHead> {
    const store = this.#kept.rows(name);
    const [about, rows, resumable, note] = await Promise.all([
      store.about(),
      store.count(),
      this.#kept.hasSources(name),
      this.#kept.note(name),
    ]);
    const kept = {
      about: readAbout(about, "the kept study"),
      rows,
      resumable,
      note: readNote(note),
    };
    return headOf(name, kept, { registry: this.#registry, open: this.#open() });
  }

  async #casesOf(name: string): Promise<readonly Case[]> {
    if (this.#cases?.name !== name) {
      const sources = await this.#kept.sources(name);
      this.#cases = { name, cases: sources ? casesIn(sources).cases : [] };
    }
    return this.#cases.cases;
  }

  async #note(name: string, more: StudyNote): Promise<void> {
    await this.#kept.keepNote(name, { ...readNote(await this.#kept.note(name)), ...more });
  }

  #open(): OpenModelAbout | undefined {
    if (this.#host.stamp() === undefined) return undefined;
    const { identity, config } = this.#host.model([]);
    return { identity, config };
  }

  #modelFor({ precision, title }: Study): Model {
    const model = this.#host.model([]);
    if (precision === undefined || model.precision === precision) return model;
    throw new Error(
      `“${title}” holds everything against ${precision}, and the open model is in ${model.precision}; open it in ${precision} first`,
    );
  }

  /** What the record would say now of the model and its statistics: rows of others are refused. */
  async #now(study: Study, about: StudyAbout): Promise<StudyAbout> {
    const { stamp, precision } = this.#modelFor(study);
    const of = recentStatistics((layer) => this.#statistics(layer), KEPT);
    return { ...about, stamp, precision, statistics: await statisticsAbout(study, about, of) };
  }

  #device(): string {
    return `${this.#host.runtime().provider}, in a browser`;
  }

  /** Chooses the cases, which are kept, and measures a sample of the work, which is not. */
  async #plan(
    study: Study,
    what: Running,
    { report, signal }: How,
  ): Promise<StudyPlan | undefined> {
    const host = this.#hostOf(study, what, { signal });
    let plan: StudyPlan | undefined;
    const measure = async function* (at: StudyContext<object>): AsyncGenerator<Row> {
      const { model, chosen, all, filters } = { ...at, filters: at.chosen.filters };
      const about = studyAbout(what.order, { ...chosen, filters });
      const cases = chosen.cases.length > 0 ? chosen.cases.map((place) => all[place]) : all;
      const { editings, onProgress } = at;
      const sample = { model, editings, signal, onProgress, cases, now: () => performance.now() };
      const work = study.work?.(about, model.config);
      plan = work && (await measureWork(work, sample));
      yield* [];
    };
    const onProgress = (doing: string) => report({ rows: 0, doing });
    await runStudy({ ...study, rows: measure }, what.order, { ...host, onProgress });
    return plan;
  }

  async #run(study: Study, what: Running, { report, signal }: How): Promise<void> {
    const { name } = what;
    const store = this.#kept.rows(name);
    const before = await store.read();
    const total = study.size?.(readAbout(await store.about(), "the kept study"));
    const progress: StudyProgress = { rows: before.length, total, doing: "" };
    const tell = (change: Partial<StudyProgress>) => report(Object.assign(progress, change));
    tell({});
    let seconds = secondsOf(before);
    let noted = performance.now();
    try {
      await runStudy(study, what.order, {
        ...this.#hostOf(study, what, { signal, values: this.#values }),
        onRows: (fresh, rows) => {
          seconds += secondsOf(fresh);
          tell({ rows });
          if (performance.now() - noted < NOTE_MS) return;
          noted = performance.now();
          void this.#note(name, { seconds });
        },
        onProgress: (doing) => tell({ doing }),
      });
    } finally {
      await this.#note(name, { seconds });
    }
  }

  #hostOf(
    study: Study,
    { name, order, sources }: Running,
    { signal, values }: { signal: AbortSignal; values?: ValueCache },
  ): StudyHost {
    const model = this.#modelFor(study);
    const statistics = recentStatistics((layer) => this.#statistics(layer), KEPT);
    const host = { model, seed: order.seed, statistics, values, signal };
    const { cases, filters } = casesIn(sources);
    return {
      model,
      signal,
      open: (precision) => this.#at(precision),
      cases,
      filters,
      inputs: Object.fromEntries(
        Object.entries(sources.inputs).map(([input, { text }]) => [input, text]),
      ),
      editings: order.methods.map(
        ({ name: method, settings }) => new Editing({ editor: editorOf(method), settings }, host),
      ),
      store: this.#kept.rows(name),
      where: "this study",
      now: () => performance.now(),
    };
  }

  async #statistics(layer: number) {
    const found = await this.#host.statistics.of(layer);
    if (found) return found;
    throw new Error(
      `no covariance statistics of layer ${layer}; collect or import them under Edits first, or choose a method that reads none`,
    );
  }

  #at(precision: Model["precision"]): Promise<Model> {
    const files = this.#host.files();
    if (!files) throw new Error("no model is loaded; open one first");
    return Model.load(this.#host.runtime(), files, { precision });
  }
}

/** What the time that rows took is noted after at most, in milliseconds. */
const NOTE_MS = 2000;

/** A study that is worked on. */
interface Running {
  name: string;
  order: StudyOrder<object>;
  sources: StudySources;
}

interface How {
  report: Report;
  signal: AbortSignal;
}

const secondsOf = (rows: readonly Row[]): number =>
  rows.reduce((sum, { cost }) => sum + (cost?.seconds ?? 0), 0);

/** What can be summed up of a study; nothing where its rows say nothing yet. */
function resultsOrNone(about: StudyAbout, rows: readonly Row[], registry: StudyRegistry) {
  try {
    return studyResults(studyOf(about.study, registry), rows, about);
  } catch {
    return undefined;
  }
}
