import { type Case, parseCases } from "../../src/data/facts/facts.ts";
import type { Delta } from "../../src/data/delta/delta.ts";
import { bounds } from "../../src/data/outside/bounds.ts";
import { parseJson } from "../../src/data/outside/readJson.ts";
import type { Row } from "../../src/data/rows/rows.ts";
import type { ModelFiles } from "../../src/engine/files/ModelFiles.ts";
import { Model } from "../../src/engine/Model.ts";
import type { Runtime } from "../../src/engine/runtime/Runtime.ts";
import { IndexedStudies, type StudySources } from "../../src/engine/storage/IndexedStudies.ts";
import { VectorShelf } from "../../src/engine/storage/VectorShelf.ts";
import { editorOf } from "../../src/methods/edit/editors.ts";
import { Editing, recentStatistics } from "../../src/studies/Editing.ts";
import { runStudy } from "../../src/studies/runStudy.ts";
import type { Study } from "../../src/studies/Study.ts";
import {
  readAbout,
  type StudyAbout,
  studyAbout,
  type StudyOrder,
} from "../../src/studies/StudyAbout.ts";
import { studies, studyOf, type StudyRegistry } from "../../src/studies/studies.ts";
import { readStudyZip, studyZip } from "../../src/studies/studyZip.ts";
import { studyResults } from "../../src/studies/summariseStudy.ts";
import type {
  NewStudy,
  StudyHead,
  StudyOffer,
  StudyProgress,
  StudyView,
} from "../protocol/studyProtocol.ts";
import type { Queue } from "../Queue.ts";
import type { Statistics } from "../Statistics.ts";
import { headOf, offerOf, orderOf, viewOf } from "./studyOffers.ts";

/** What the Lab lends. */
export interface StudyingHost {
  queue: Queue;
  /** The model with these deltas and no other. */
  model(deltas: Delta[]): Model;
  stamp(): string | undefined;
  runtime(): Runtime;
  files(): ModelFiles | undefined;
  /** A file of the page's own, as text. */
  own(name: string): Promise<string>;
  statistics: Pick<Statistics, "of">;
}

/** When a study that is only to be measured is stopped: after so many rows that took this long together, in milliseconds. */
const SAMPLE = { rows: 2, time: 4_000 };
/** Covariances that are held at once. */
const KEPT = 2;
const PAGE_CASES = "facts.json";
const LARGE = { bytes: bounds.cases, values: bounds.caseValues };

/** The Lab's studies: begun, stopped, gone on with, summed up; their rows are kept in the browser as they come. */
export class Studying {
  readonly #host: StudyingHost;
  readonly #kept: IndexedStudies;
  readonly #registry: StudyRegistry;
  readonly #values = new VectorShelf();

  constructor(host: StudyingHost, kept = new IndexedStudies(), registry = studies) {
    this.#host = host;
    this.#kept = kept;
    this.#registry = registry;
  }

  /** What can be begun. */
  offers(): StudyOffer[] {
    return this.#registry.map(offerOf);
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
   * Keeps a new study: its cases are chosen by its first run.
   *
   * @returns what the page calls it by
   * @throws one sentence for what is typed or chosen wrongly, before anything is kept
   */
  begin(id: number, order: NewStudy, report: (progress: StudyProgress) => void): Promise<string> {
    return this.#host.queue.runReporting(id, `beginning the study`, report, async (signal) => {
      const study = studyOf(order.study, this.#registry);
      const model = this.#modelFor(study);
      const sources = await this.#sourcesOf(study, order.cases);
      const cases = casesOf(sources);
      const full = orderOf(study, order, {
        model,
        device: this.#device(),
        ...(await aboutSources(sources, cases.length)),
      });
      // What a setting says wrongly is said before the cases are chosen.
      study.size?.(studyAbout(full, { cases: [], filters: [] }));
      const name = crypto.randomUUID();
      await this.#kept.keepSources(name, sources);
      try {
        await this.#run(study, { name, order: full, sources }, { report, signal, sample: true });
      } catch (error) {
        if ((await this.#kept.rows(name).about()) === undefined) await this.#kept.delete(name);
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
  resume(id: number, name: string, report: (progress: StudyProgress) => void): Promise<void> {
    return this.#host.queue.runReporting(id, "running a study", report, async (signal) => {
      const { about } = await this.#part(name);
      const study = studyOf(about.study, this.#registry);
      const sources = await this.#kept.sources(name);
      if (!sources) {
        throw new Error(
          "this study came from a file without its cases; go on with it in the terminal, or begin it anew",
        );
      }
      await this.#run(study, { name, order: about, sources }, { report, signal });
    });
  }

  /** Its results as far as it is. */
  async view(name: string): Promise<StudyView> {
    const { about, rows } = await this.#part(name);
    const sources = await this.#kept.sources(name);
    const cases = sources ? casesOf(sources) : [];
    return viewOf(await this.#head(name), { about, rows, cases }, this.#registry);
  }

  /** Its files in one zip, which the terminal sums up as its own. */
  async zip(name: string): Promise<Uint8Array> {
    const { about, rows } = await this.#part(name);
    const study = studyOf(about.study, this.#registry);
    try {
      return studyZip(about, rows, studyResults(study, rows, about));
    } catch {
      return studyZip(about, rows); // its rows say nothing yet
    }
  }

  /**
   * Keeps a study from a zip of the page or of the terminal's folder.
   *
   * @throws one sentence where it is none
   */
  async take(file: File): Promise<string> {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const { about, rows } = await readStudyZip(bytes, file.name);
    studyOf(about.study, this.#registry);
    const name = crypto.randomUUID();
    await this.#kept.take(name, about, rows);
    return name;
  }

  /** Forgets a study. */
  delete(name: string): Promise<void> {
    return this.#kept.delete(name);
  }

  async #part(name: string): Promise<{ about: StudyAbout; rows: Row[] }> {
    const store = this.#kept.rows(name);
    const about = await store.about();
    if (about === undefined) throw new Error("this study is not kept in this browser any more");
    return { about: readAbout(about, "the kept study"), rows: await store.read() };
  }

  async #head(name: string): Promise<StudyHead> {
    const part = await this.#part(name);
    const resumable = (await this.#kept.sources(name)) !== undefined;
    const stamp = this.#host.stamp() ?? "";
    return headOf(name, part, { registry: this.#registry, stamp, resumable });
  }

  #modelFor({ precision, title }: Study): Model {
    const model = this.#host.model([]);
    if (precision === undefined || model.precision === precision) return model;
    throw new Error(
      `“${title}” holds everything against ${precision}, and the open model is in ${model.precision}; open it in ${precision} first`,
    );
  }

  #device(): string {
    return `${this.#host.runtime().provider}, in a browser`;
  }

  async #sourcesOf(study: Study, file: File | undefined): Promise<StudySources> {
    const inputs: StudySources["inputs"] = {};
    for (const { name, builtIn } of study.inputs ?? [])
      if (builtIn) inputs[name] = { file: builtIn, text: await this.#host.own(builtIn) };
    if (!file)
      return { cases: { file: PAGE_CASES, text: await this.#host.own(PAGE_CASES) }, inputs };
    if (file.size > bounds.cases) {
      throw new Error(`${file.name} has ${file.size} bytes; at most ${bounds.cases} can be read`);
    }
    return { cases: { file: file.name, text: await file.text() }, inputs };
  }

  async #run(
    study: Study,
    { name, order, sources }: { name: string; order: StudyOrder<object>; sources: StudySources },
    how: { report: (progress: StudyProgress) => void; signal: AbortSignal; sample?: boolean },
  ): Promise<void> {
    const model = this.#modelFor(study);
    const enough = new AbortController();
    const signal = AbortSignal.any([how.signal, enough.signal]);
    const began = performance.now();
    const store = this.#kept.rows(name);
    const progress: StudyProgress = { rows: (await store.read()).length, doing: "choosing cases" };
    const tell = (change: Partial<StudyProgress>) => how.report(Object.assign(progress, change));
    const statistics = recentStatistics((layer) => this.#statistics(layer), KEPT);
    const host = { model, seed: order.seed, statistics, values: this.#values, signal };
    let made = 0;
    try {
      await runStudy(study, order, {
        model,
        signal,
        open: (precision) => this.#at(precision),
        cases: casesOf(sources),
        inputs: Object.fromEntries(
          Object.entries(sources.inputs).map(([input, { text }]) => [input, text]),
        ),
        editings: order.methods.map(
          ({ name: method, settings }) => new Editing({ editor: editorOf(method), settings }, host),
        ),
        store: await countingStore(store, (about) => tell({ total: study.size?.(about) })),
        where: "this study",
        now: () => performance.now(),
        onRows: (fresh, rows) => {
          tell({ rows });
          made += fresh.length;
          const time = performance.now() - began;
          if (how.sample && made >= SAMPLE.rows && time > SAMPLE.time) enough.abort();
        },
        onProgress: (doing) => tell({ doing }),
      });
    } catch (error) {
      // Stopped because it is measured now: what it made is kept.
      if (!enough.signal.aborted || how.signal.aborted) throw error;
    }
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

const casesOf = ({ cases: { file, text } }: StudySources): Case[] =>
  parseCases(parseJson(text, file, LARGE), { what: file });

/** The files as the study's record has them. */
async function aboutSources({ cases, inputs }: StudySources, count: number) {
  const named = Object.entries(inputs).map(
    async ([name, source]) => [name, await aboutFile(source)] as const,
  );
  return {
    cases: { ...(await aboutFile(cases)), count },
    inputs: Object.fromEntries(await Promise.all(named)),
  };
}

async function aboutFile({ file, text }: { file: string; text: string }) {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const digest = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0"));
  return { file, digest: digest.join("") };
}

/** A store that says what its rows are of as soon as it is known. */
async function countingStore(
  store: ReturnType<IndexedStudies["rows"]>,
  onAbout: (about: StudyAbout) => void,
) {
  const there = await store.about();
  if (there !== undefined) onAbout(there as StudyAbout);
  return {
    about: () => store.about(),
    begin: async (about: object) => {
      await store.begin(about);
      onAbout(about as StudyAbout);
    },
    read: () => store.read(),
    append: (rows: readonly Row[]) => store.append(rows),
  };
}
