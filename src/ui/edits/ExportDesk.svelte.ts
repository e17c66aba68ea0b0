import type { RemoteLab } from "../../../workers/connect.ts";
import type { SavedModel } from "../../../workers/protocol/protocol.ts";
import { download } from "../parts/download.ts";

type Report = (done: number, total: number, stage: string) => void;

/** What the session lends. */
export interface ExportHost {
  lab(): RemoteLab["export"];
  /** A job of which one is under way at a time, with its reports; undefined where it failed or was ended. */
  run<T>(stage: string, work: (id: number, report: Report) => Promise<T>): Promise<T | undefined>;
  /** The edits that are on. */
  active(): readonly { id: string; strength: number }[];
  /** Says what went wrong outside a job. */
  report(error: unknown): void;
  /** Asks for a folder; undefined where the browser has none to give. */
  pick: (() => Promise<FileSystemDirectoryHandle>) | undefined;
}

/** The model with the edits that are on, being saved whole. */
export class ExportDesk {
  /** Of every number in the files, as the form has it. */
  bits = $state<"16" | "32">("32");
  /** What was saved last. */
  saved = $state.raw<SavedModel | null>(null);
  readonly #host: ExportHost;

  constructor(host: ExportHost) {
    this.#host = host;
  }

  /** Whether a folder can be written; a zip archive is what there is elsewhere. */
  get folders(): boolean {
    return this.#host.pick !== undefined;
  }

  /** Saves the model into a new folder in one that the reader chooses. */
  async saveFolder() {
    try {
      await this.#save(await this.#host.pick!());
    } catch (error) {
      // The reader chose none.
      if ((error as Error).name !== "AbortError") this.#host.report(error);
    }
  }

  /** Saves the model as a zip archive among the reader's downloads. */
  async saveZip() {
    const saved = await this.#save();
    if (saved?.blob) download(saved.name, saved.blob, "application/zip");
  }

  async #save(parent?: FileSystemDirectoryHandle): Promise<SavedModel | undefined> {
    this.saved = null;
    const active = this.#host.active();
    const order = {
      edits: active.map(({ id }) => id),
      strengths: active.map(({ strength }) => strength),
      bits: Number(this.bits) as 16 | 32,
      parent,
    };
    const saved = await this.#host.run("saving the model", (id, report) =>
      this.#host.lab().save(id, order, report),
    );
    if (saved) this.saved = saved;
    return saved;
  }
}

/** The browser's dialog for a folder that a page may write into, where it has one. */
export function folderPicker(): ExportHost["pick"] {
  type Picker = (options: object) => Promise<FileSystemDirectoryHandle>;
  const show = (globalThis as { showDirectoryPicker?: Picker }).showDirectoryPicker;
  return show && (() => show({ id: "edited-models", mode: "readwrite" }));
}
