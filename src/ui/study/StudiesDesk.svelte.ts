import type { RemoteLab } from "../../../workers/connect.ts";
import type {
  NewStudy,
  StudyHead,
  StudyOffer,
  StudyProgress,
  StudyView,
} from "../../../workers/protocol/protocol.ts";

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
}

/** The studies of the page: those that are kept, the one that is looked at, and the form of a new one. */
export class StudiesDesk {
  offers = $state.raw<StudyOffer[]>([]);
  kept = $state.raw<StudyHead[]>([]);
  /** What is looked at, as far as it is. */
  view = $state.raw<StudyView | null>(null);
  /** The study that runs, and how far it is. */
  running = $state.raw<{ id: string; progress: StudyProgress } | null>(null);
  readonly #host: StudiesHost;
  #asked = "";

  constructor(host: StudiesHost) {
    this.#host = host;
  }

  /** Looks again at what is kept. */
  async refresh() {
    try {
      if (this.offers.length === 0) this.offers = await this.#host.lab().offers();
      this.kept = await this.#host.lab().list();
    } catch (error) {
      this.#host.report(error);
    }
  }

  /** Shows a study; none for the empty name. */
  async look(id: string) {
    this.#asked = id;
    if (this.view?.head.id !== id) this.view = null;
    if (!id) return;
    try {
      const view = await this.#host.lab().view(id);
      if (this.#asked === id) this.view = view;
    } catch (error) {
      if (this.#asked === id) this.#host.report(error);
    }
  }

  /** Keeps a new study and makes its first rows, by which its cost is measured; answers what it is called by. */
  async begin(order: NewStudy): Promise<string | undefined> {
    const id = await this.#host.run("choosing the cases", (job) =>
      this.#host.lab().begin(job, order, this.#host.callback(this.#told(""))),
    );
    await this.refresh();
    return id;
  }

  /** Goes on with a study until it is done or stopped. */
  async resume(id: string) {
    await this.#host.run("running the study", async (job) => {
      this.running = { id, progress: { rows: 0, doing: "" } };
      try {
        await this.#host.lab().resume(job, id, this.#host.callback(this.#told(id)));
      } finally {
        this.running = null;
      }
    });
    await this.refresh();
    if (this.#asked === id) await this.look(id);
  }

  /** Stops the study that runs; its rows are kept. */
  pause() {
    this.#host.stop();
    this.running = null;
  }

  async delete(id: string) {
    await this.#host.lab().delete(id);
    await this.refresh();
  }

  /** Takes a study from a zip; answers what it is called by. */
  async take(file: File): Promise<string | undefined> {
    try {
      const id = await this.#host.lab().take(file);
      this.#host.report(null);
      await this.refresh();
      return id;
    } catch (error) {
      this.#host.report(error);
      return undefined;
    }
  }

  /** The files of the study that is looked at. */
  zip = (id: string): Promise<Uint8Array> => this.#host.lab().zip(id);

  /** What a run reports; the results grow as the rows come, looked at again at most every few seconds. */
  #told(id: string): (progress: StudyProgress) => void {
    let looked = performance.now();
    return (progress) => {
      const { rows, total, doing } = progress;
      this.#host.progress(rows, total ?? 0, doing);
      if (!id) return;
      this.running = { id, progress };
      if (performance.now() - looked < LOOK_MS || this.#asked !== id) return;
      looked = performance.now();
      void this.look(id);
    };
  }
}

const LOOK_MS = 3000;

/** What is left of a study, in seconds, by the mean of its rows; undefined where it cannot be told. */
export function secondsLeft({ rows, total, secondsPerRow }: StudyHead): number | undefined {
  if (total === undefined || secondsPerRow === undefined) return undefined;
  return Math.max(0, total - rows) * secondsPerRow;
}
