import { missingFile } from "../ModelFiles.ts";
import type { FileFacts, ModelRecord } from "../ModelRecord.ts";
import type { OpenedFiles } from "../OpenedFiles.ts";
import { PartedFile, type Transfer } from "./PartedFile.ts";

/** What a server, or a kept record, says of a model. */
export interface Listing {
  record: ModelRecord;
  /** The commit, where the source has one. */
  revision: string;
  offline: boolean;
  /** The model's place, for sentences. */
  where: string;
  /** null where there is no such file. */
  facts: (path: string) => Promise<FileFacts | null>;
  url: (path: string) => string;
  /**
   * Asks again for files that have no hash, so that all are known to be of one time.
   *
   * @throws where one has changed, or nobody answers
   */
  recheck?: (paths: readonly string[]) => Promise<void>;
}

/** The files of one model, opened as they are asked for. */
export class RemoteFiles {
  readonly #listing: Listing;
  readonly #transfer: Transfer;
  readonly #opened = new Map<string, Promise<PartedFile>>();
  /** The files that are read, in the order they were asked for. */
  readonly #files: PartedFile[] = [];
  #saving: Promise<void> = Promise.resolve();
  #prefetching: Promise<void> = Promise.resolve();

  constructor(listing: Listing, transfer: Transfer) {
    this.#listing = listing;
    this.#transfer = transfer;
    // One for all files: a model may have hundreds.
    const { signal } = transfer.connection;
    const stop = () => this.#files.forEach((file) => file.stop(signal.reason));
    signal.addEventListener("abort", stop, { once: true });
  }

  /** Bytes that are here, of all that were asked for. */
  state(): { bytes: number; total: number } {
    const sum = (of: (file: PartedFile) => number) =>
      this.#files.reduce((total, file) => total + of(file), 0);
    return { bytes: sum((file) => file.arrived), total: sum((file) => file.facts.size) };
  }

  /** @param report says how far it has come, at once */
  asModelFiles(report: () => void): OpenedFiles {
    const { facts, record, revision, offline } = this.#listing;
    return {
      name: record.name,
      revision,
      address: record.base,
      offline,
      read: async (path, range) => {
        const file = await this.#file(path);
        return file.read(...(range ?? [0, file.facts.size]));
      },
      size: async (path) => (await facts(path))?.size,
      has: async (path) => (await facts(path)) !== null,
      stamp: async (path) => (await facts(path))?.stamp,
      prefetch: (paths) => {
        this.#prefetching = this.#prefetching
          .then(() => this.#prefetch(paths))
          .then(report, () => undefined); // who reads the file is told why it cannot be
      },
      verify: async () => {
        await this.#verify();
        report();
      },
    };
  }

  /** In the order they are given, whatever the server says first. */
  async #prefetch(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      if ((await this.#listing.facts(path)) === null) continue;
      const file = await this.#file(path);
      file.whole = true;
      this.#transfer.downloads.want(file);
    }
  }

  async #verify(): Promise<void> {
    await this.#prefetching;
    for (const file of this.#files) {
      file.whole = true;
      this.#transfer.downloads.want(file);
    }
    for (const file of this.#files) await file.verify();
    await this.#listing.recheck?.(this.#files.map(({ path }) => path));
    await this.#saving;
  }

  #file(path: string): Promise<PartedFile> {
    const known = this.#opened.get(path);
    if (known) return known;
    const opened = this.#open(path);
    this.#opened.set(path, opened);
    opened.catch(() => this.#opened.delete(path)); // a lost connection is not an answer
    return opened;
  }

  async #open(path: string): Promise<PartedFile> {
    const { facts, url, where } = this.#listing;
    const found = await facts(path);
    if (!found) throw new Error(missingFile(where, path, "not among its files"));
    const file = await PartedFile.open(this.#transfer, { path, facts: found, url: url(path) });
    this.#files.push(file);
    this.#note(path);
    return file;
  }

  /** Writes down that a file belongs to what must be there for the model to work without a connection. */
  #note(path: string): void {
    const { record } = this.#listing;
    if (!record.wanted.includes(path)) record.wanted.push(path);
    this.#saving = this.#saving.then(() => this.#transfer.kept.setRecord(record));
  }
}
